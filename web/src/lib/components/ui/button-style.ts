export type ButtonVariant = 'primary' | 'secondary' | 'outline' | 'ghost' | 'danger' | 'link';
export type ButtonSize = 'sm' | 'md' | 'lg' | 'icon';

const BASE =
	'inline-flex shrink-0 items-center justify-center gap-2 rounded-[0.625rem] font-medium whitespace-nowrap select-none transition-[background-color,border-color,color,transform,box-shadow] duration-150 active:translate-y-px disabled:pointer-events-none disabled:opacity-55 aria-disabled:pointer-events-none aria-disabled:opacity-55';

const VARIANTS: Record<ButtonVariant, string> = {
	primary:
		'bg-primary text-primary-foreground shadow-[inset_0_1px_0_rgb(255_255_255/0.14),0_1px_2px_rgb(0_0_0/0.12)] hover:bg-[color-mix(in_oklab,var(--primary)_88%,var(--ink))]',
	secondary: 'bg-sunken text-ink hover:bg-line',
	outline: 'border border-line-strong bg-raised text-ink hover:bg-sunken',
	ghost: 'text-ink hover:bg-sunken',
	danger: 'bg-danger-strong text-white hover:brightness-110',
	link: 'text-primary underline-offset-4 hover:underline'
};

const SIZES: Record<ButtonSize, string> = {
	sm: 'h-8 px-3 text-sm',
	md: 'h-10 px-4 text-[0.9375rem]',
	lg: 'h-12 px-5 text-base',
	icon: 'size-9'
};

export const buttonClass = (variant: ButtonVariant, size: ButtonSize, extra = ''): string =>
	`${BASE} ${VARIANTS[variant]} ${SIZES[size]} ${extra}`;

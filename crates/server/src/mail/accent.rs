//! The installation's accent colour in mail. Mail programs know hexadecimal colours only, so what the UI's colour picker
//! gives is turned into one.

/// A colour and the colour of text on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accent {
    /// Of buttons.
    pub color: String,
    /// Of what is written on them.
    pub on_color: &'static str,
}

const DARK: &str = "#18181b";
const LIGHT: &str = "#fafafa";

/// The accent where none is chosen, on a light page.
pub fn on_light() -> Accent {
    Accent {
        color: DARK.to_owned(),
        on_color: LIGHT,
    }
}

/// The same on a dark page.
pub fn on_dark() -> Accent {
    Accent {
        color: LIGHT.to_owned(),
        on_color: DARK,
    }
}

/// The accent a setting chooses: `#rgb`, `#rrggbb` or `oklch(L C H)`. None for the default and whatever else there is.
pub fn chosen(setting: &str) -> Option<Accent> {
    let setting = setting.trim();
    let [red, green, blue] = hexadecimal(setting).or_else(|| oklch(setting))?;
    let linear = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    // Relative luminance (WCAG 2); contrast with black and white is equal at 0.179.
    let luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    Some(Accent {
        color: format!("#{red:02x}{green:02x}{blue:02x}"),
        on_color: if luminance > 0.179 { DARK } else { LIGHT },
    })
}

fn hexadecimal(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#')?;
    let full = match digits.len() {
        3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
        6 => digits.to_owned(),
        _ => return None,
    };
    let bytes = hex::decode(full).ok()?;
    <[u8; 3]>::try_from(bytes).ok()
}

/// CSS Color 4 §10.2 and the matrices of its appendix of sample code.
fn oklch(text: &str) -> Option<[u8; 3]> {
    let inner = text.strip_prefix("oklch(")?.strip_suffix(')')?;
    let numbers: Vec<f64> = inner
        .split_whitespace()
        .map(|number| number.parse::<f64>().ok().filter(|number| number.is_finite()))
        .collect::<Option<_>>()?;
    let [lightness, chroma, hue] = numbers.try_into().ok()?;
    let (sin, cos) = hue.to_radians().sin_cos();
    let (a, b) = (chroma * cos, chroma * sin);
    let long = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let medium = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let short = (lightness - 0.089_484_177_5 * a - 1.291_485_548 * b).powi(3);
    let linear = [
        4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701 * short,
    ];
    Some(linear.map(|value| {
        let value = value.clamp(0.0, 1.0);
        let encoded = if value <= 0.003_130_8 {
            12.92 * value
        } else {
            1.055 * value.powf(1.0 / 2.4) - 0.055
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 255"
        )]
        let byte = (encoded * 255.0).round() as u8;
        byte
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_mail_programs_know() {
        for (setting, expected) in [
            ("#1d4ed8", Some(("#1d4ed8", LIGHT))),
            ("#fa0", Some(("#ffaa00", DARK))),
            ("oklch(1 0 0)", Some(("#ffffff", DARK))),
            ("oklch(0 0 0)", Some(("#000000", LIGHT))),
            // Red of sRGB, as CSS Color 4 gives it.
            ("oklch(0.62796 0.25768 29.234)", Some(("#ff0000", DARK))),
            ("default", None),
            ("", None),
            ("#12", None),
            ("#zzzzzz", None),
            ("oklch(NaN 0 0)", None),
            ("oklch(1 2)", None),
            ("red;} body{display:none", None),
        ] {
            let accent = chosen(setting);
            let accent = accent
                .as_ref()
                .map(|accent| (accent.color.as_str(), accent.on_color));
            assert_eq!(accent, expected, "{setting}");
        }
    }
}

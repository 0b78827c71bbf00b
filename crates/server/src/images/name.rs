//! Which images an application has.

use crate::files::image_file::Kind;

/// An image of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// For light mode.
    LogoLight,
    /// For dark mode.
    LogoDark,
    /// In mails.
    LogoEmail,
    /// Behind the sign-in pages.
    Background,
    /// In the tab of the browser.
    Favicon,
    /// Of people who have no picture.
    DefaultProfilePicture,
}

/// What comes with the program.
const FAVICON: &[u8] = include_bytes!("../../assets/images/favicon.svg");
const EMAIL: &[u8] = include_bytes!("../../assets/images/logoEmail.png");

impl Name {
    /// The one a path names; logos have two.
    pub fn of_path(path: &str, light: bool) -> Option<Self> {
        Some(match path {
            "logo" if light => Self::LogoLight,
            "logo" => Self::LogoDark,
            "email" => Self::LogoEmail,
            "background" => Self::Background,
            "favicon" => Self::Favicon,
            _ => return None,
        })
    }

    /// Its name in storage and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LogoLight => "logoLight",
            Self::LogoDark => "logoDark",
            Self::LogoEmail => "logoEmail",
            Self::Background => "background",
            Self::Favicon => "favicon",
            Self::DefaultProfilePicture => "default-profile-picture",
        }
    }

    /// What it is when nobody uploaded one.
    pub fn bundled(self) -> Option<(&'static [u8], Kind)> {
        match self {
            Self::Favicon => Some((FAVICON, Kind::Svg)),
            Self::LogoEmail => Some((EMAIL, Kind::Png)),
            _ => None,
        }
    }

    /// Whether it may be of a kind.
    pub fn takes(self, kind: Kind) -> bool {
        match self {
            Self::LogoEmail => matches!(kind, Kind::Png | Kind::Jpeg),
            Self::Favicon => matches!(kind, Kind::Svg | Kind::Png | Kind::Ico),
            _ => true,
        }
    }

    /// The kinds it may be of, for people; empty where any will do.
    pub fn expected(self) -> &'static str {
        match self {
            Self::LogoEmail => "PNG or JPEG",
            Self::Favicon => "SVG, PNG, or ICO",
            _ => "",
        }
    }

    /// Whether it can be taken away.
    pub fn can_be_removed(self) -> bool {
        !matches!(self, Self::LogoEmail | Self::Favicon)
    }
}

//! What a User-Agent header says in words people know.

/// Browsers by a mark only they have; the first that fits counts, because most claim to be others too.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];

/// Systems, likewise.
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
];

/// `Firefox on Linux`, `Chrome on Android 15`, as much of it as can be told; empty when nothing can. Only words of ours
/// and numbers: whoever made the header up writes nothing to those who read this.
pub fn name(user_agent: &str) -> String {
    let find = |table: &[(&str, &'static str)]| {
        let found = table.iter().find(|(mark, _)| user_agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    let system = find(SYSTEMS).map(|system| with_version(system, user_agent));
    match (find(BROWSERS), system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(system)) => system,
        (None, None) => String::new(),
    }
}

/// A system and its version, unless the header names one that browsers have agreed to say whatever runs.
fn with_version(system: &'static str, user_agent: &str) -> String {
    let after = |mark: &str| {
        let (_, rest) = user_agent.split_once(mark)?;
        let mut words = rest.split(|c: char| !c.is_ascii_digit() && c != '.' && c != '_');
        let version = words.next().filter(|word| (1..=12).contains(&word.len()))?;
        Some(version.replace('_', "."))
    };
    let version = match system {
        "Windows" => match after("Windows NT ").as_deref() {
            Some("6.1") => Some("7".to_owned()),
            Some("6.2") => Some("8".to_owned()),
            Some("6.3") => Some("8.1".to_owned()),
            _ => None,
        },
        "Android" => after("Android ").filter(|version| version != "10"),
        "macOS" => after("Mac OS X ").filter(|version| !version.starts_with("10.15")),
        "iPhone" | "iPad" => {
            let major = |version: &str| version.split('.').next()?.parse::<u32>().ok();
            // A browser newer than its system does not say which that is.
            let browser = after("Version/").as_deref().and_then(major);
            after(" OS ")
                .filter(|version| browser <= major(version))
                .map(|version| format!("(iOS {version})"))
        }
        _ => None,
    };
    version.map_or_else(|| system.to_owned(), |version| format!("{system} {version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_browsers_are_named() {
        for (user_agent, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone (iOS 18.0)",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1",
                "Chrome on iPad (iOS 17.5)",
            ),
            (
                "Mozilla/5.0 (Windows NT 6.1; Win64; x64; rv:115.0) Gecko/20100101 Firefox/115.0",
                "Firefox on Windows 7",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/14.1 Safari/605.1.15",
                "Safari on macOS 10.14.6",
            ),
            (
                "Firefox/1 Android <b>your own telephone</b>",
                "Firefox on Android",
            ),
            ("Firefox/1 Android 111111111111111111", "Firefox on Android"),
            (
                "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome on Android 15",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
                "Safari on macOS",
            ),
            ("curl/8.0", "curl"),
            ("something else", ""),
            ("", ""),
        ] {
            assert_eq!(name(user_agent), expected, "{user_agent}");
        }
    }
}

//! What a User-Agent header says, as audit entries show it: `Firefox on Linux x86_64`.

/// A product of the header: `Chrome/140.0` is called `Chrome` and has a version.
struct Product<'a> {
    name: &'a str,
    has_version: bool,
}

struct Parsed<'a> {
    products: Vec<Product<'a>>,
    /// Parts of what stands in parentheses.
    remarks: Vec<&'a str>,
}

fn parse(header: &str) -> Parsed<'_> {
    let mut parsed = Parsed {
        products: Vec::new(),
        remarks: Vec::new(),
    };
    let mut rest = header;
    while !rest.is_empty() {
        let (outside, after) = rest.split_once('(').unwrap_or((rest, ""));
        for token in outside.split_whitespace() {
            let (name, version) = token.split_once('/').unwrap_or((token, ""));
            parsed.products.push(Product {
                name,
                has_version: !version.is_empty(),
            });
        }
        let (inside, after) = after.split_once(')').unwrap_or((after, ""));
        parsed.remarks.extend(inside.split(';').map(str::trim));
        rest = after;
    }
    parsed
}

/// Systems in the order they are looked for, because some claim to be others too: mark, name.
const SYSTEMS: &[(&str, &str)] = &[
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Windows NT", "Windows"),
    ("Windows Phone OS", "Windows Phone"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
    ("FreeBSD", "FreeBSD"),
    ("CrOS", "ChromeOS"),
    ("BlackBerry", "BlackBerry"),
    ("OpenHarmony", "Harmony"),
];

/// Browsers in the order they are looked for: product, name.
const BROWSERS: &[(&str, &str)] = &[
    ("Googlebot", "Googlebot"),
    ("Bytespider", "Bytespider"),
    ("Applebot", "Applebot"),
    ("Opera Mini", "Opera Mini"),
    ("OPR", "Opera"),
    ("OPiOS", "Opera"),
    ("OPT", "Opera Touch"),
    ("CriOS", "Chrome"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("Vivaldi", "Vivaldi"),
    ("MSIE", "Internet Explorer"),
    ("Trident", "Internet Explorer"),
    ("EdgiOS", "Edge"),
    ("Edge", "Edge"),
    ("Edg", "Edge"),
    ("EdgA", "Edge"),
    ("bingbot", "Bingbot"),
    ("YandexBot", "YandexBot"),
    ("SamsungBrowser", "Samsung Browser"),
    ("HeadlessChrome", "Headless Chrome"),
    ("FBAN", "Facebook App"),
    ("FBAV", "Facebook App"),
    ("Instagram", "Instagram App"),
    ("musical_ly", "TikTok App"),
    ("BytedanceWebview", "TikTok App"),
    ("HuaweiBrowser", "Huawei Browser"),
];

/// Products that say nothing of the browser.
const COMMON: [&str; 7] = [
    "Mozilla",
    "AppleWebKit",
    "Chrome",
    "Safari",
    "Version",
    "Mobile",
    "Gecko",
];

fn browser(parsed: &Parsed<'_>, header: &str) -> String {
    let named = |name: &str| parsed.products.iter().any(|product| product.name == name);
    let known = BROWSERS.iter().find(|(mark, _)| {
        let as_product = named(mark) || named(&format!("[{mark}"));
        as_product || parsed.remarks.iter().any(|remark| remark.starts_with(mark))
    });
    if let Some((_, name)) = known {
        return (*name).to_owned();
    }
    let other = parsed
        .products
        .iter()
        .find(|product| product.has_version && !COMMON.contains(&product.name))
        .map(|product| product.name.to_owned());
    match (named("Chrome"), named("Safari")) {
        (true, true) => other.unwrap_or_else(|| "Chrome".to_owned()),
        (false, true) if parsed.remarks.iter().any(|remark| remark.starts_with("Android")) => {
            other.unwrap_or_else(|| "Android browser".to_owned())
        }
        (false, true) => "Safari".to_owned(),
        _ => other.unwrap_or_else(|| header.to_owned()),
    }
}

fn system(parsed: &Parsed<'_>) -> (&'static str, String) {
    let found = SYSTEMS.iter().find_map(|(mark, name)| {
        let remark = parsed.remarks.iter().find(|remark| remark.starts_with(mark))?;
        Some((*mark, *name, *remark))
    });
    let Some((mark, name, remark)) = found else {
        return ("", String::new());
    };
    let version = match name {
        "iOS" | "macOS" => parsed
            .remarks
            .iter()
            .find(|remark| remark.contains("OS"))
            .and_then(|remark| {
                remark
                    .split_whitespace()
                    .find(|word| word.starts_with(|letter: char| letter.is_ascii_digit()))
            })
            .unwrap_or_default()
            .replace('_', "."),
        _ => remark.strip_prefix(mark).unwrap_or_default().trim().to_owned(),
    };
    (name, version)
}

/// `<browser> on <system> <version>`; both separators are there whatever is known.
pub fn name(user_agent: &str) -> String {
    let parsed = parse(user_agent);
    let (system, version) = system(&parsed);
    format!("{} on {system} {version}", browser(&parsed, user_agent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_as_programs_know_them() {
        for (header, expected) in [
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome on macOS 10.15.7",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows 10.0",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux x86_64",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1",
                "Safari on iOS 17.0",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome on Android 14",
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome on ChromeOS x86_64 14541.0.0",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 YaBrowser/25.1 Safari/537.36",
                "YaBrowser on Windows 10.0",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36",
                "Headless Chrome on Linux x86_64",
            ),
            ("curl/8.0", "curl on  "),
            ("something", "something on  "),
            ("", " on  "),
            ("(((;;", " on  "),
        ] {
            let named = name(header);
            if header.starts_with('(') {
                assert!(named.ends_with(" on  "), "{named}");
            } else {
                assert_eq!(named, expected, "{header}");
            }
        }
    }
}

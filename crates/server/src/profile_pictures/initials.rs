//! The letters that stand for a person.

/// The first visible characters of first and last name, upper-cased; without names the first two of the username.
pub fn initials(first_name: &str, last_name: &str, username: &str) -> String {
    let of_names: String = [first_name, last_name]
        .iter()
        .filter_map(|name| name.chars().find(|character| !character.is_whitespace()))
        .flat_map(char::to_uppercase)
        .collect();
    if of_names.is_empty() {
        username.chars().take(2).flat_map(char::to_uppercase).collect()
    } else {
        of_names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_before_the_username() {
        for (first, last, username, expected) in [
            ("Tim", "Cook", "tim", "TC"),
            ("tim", "", "x", "T"),
            (" élodie", "", "x", "É"),
            ("", "ßen", "x", "SS"),
            ("李", "雷", "x", "李雷"),
            ("", "", "craig", "CR"),
            ("  ", "", "c", "C"),
            ("", "", "", ""),
        ] {
            assert_eq!(
                initials(first, last, username),
                expected,
                "{first:?} {last:?} {username:?}"
            );
        }
    }
}

//! Where an address is.

use std::net::IpAddr;

use ipnet::Ipv6Net;
use pocket_id_store::audit_logs::INTERNAL_NETWORK;

use crate::geolite::Places;

/// A coarse place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// Country, or `Internal Network`.
    pub country: String,
    /// City, or which internal network.
    pub city: String,
}

/// The place of an address; empty when unknown.
pub fn of(ip: Option<IpAddr>, local_ipv6_ranges: &[Ipv6Net], places: &Places) -> Location {
    let Some(ip) = ip.map(|ip| ip.to_canonical()) else {
        return Location::default();
    };
    let network = match ip {
        IpAddr::V6(v6) => {
            let private = v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || matches!(v6.segments(), [0xff02 | 0xff01, ..]);
            (private || local_ipv6_ranges.iter().any(|range| range.contains(&v6))).then_some("LAN")
        }
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            if a == 100 && (64..128).contains(&b) {
                Some("Tailscale")
            } else {
                let private = v4.is_private()
                    || v4.is_loopback()
                    || v4.is_link_local()
                    || v4.is_unspecified()
                    || (a == 224 && b == 0);
                private.then_some("LAN")
            }
        }
    };
    match network {
        Some(city) => Location {
            country: INTERNAL_NETWORK.to_owned(),
            city: city.to_owned(),
        },
        None => places.of(ip),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_addresses_are_named() {
        let places = Places::new(std::path::Path::new("nowhere.mmdb"));
        let ranges: Vec<Ipv6Net> = vec!["2001:db8:1::/48".parse().unwrap()];
        for (ip, city) in [
            ("192.168.1.2", "LAN"),
            ("::ffff:10.0.0.1", "LAN"),
            ("127.0.0.1", "LAN"),
            ("fd00::1", "LAN"),
            ("2001:db8:1::5", "LAN"),
            ("100.64.1.1", "Tailscale"),
            ("100.128.1.1", ""),
            ("8.8.8.8", ""),
            ("2001:db8:2::5", ""),
        ] {
            assert_eq!(of(Some(ip.parse().unwrap()), &ranges, &places).city, city, "{ip}");
        }
        assert_eq!(of(None, &ranges, &places), Location::default());
    }
}

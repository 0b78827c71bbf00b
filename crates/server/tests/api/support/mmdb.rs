//! Writes small databases of places (MaxMind DB file format 2.0).

use std::net::IpAddr;

use ipnet::IpNet;

/// A value of the format.
enum Value<'a> {
    Text(&'a str),
    U16(u16),
    U32(u32),
    U64(u64),
    Map(Vec<(&'a str, Value<'a>)>),
    List(Vec<Value<'a>>),
}

impl Value<'_> {
    fn write(&self, to: &mut Vec<u8>) {
        let control = |kind: u8, size: usize, to: &mut Vec<u8>| {
            let (inline, rest) = match size {
                0..29 => (u8::try_from(size).unwrap(), None),
                29..285 => (29, Some(u8::try_from(size - 29).unwrap())),
                _ => panic!("too large for this writer"),
            };
            if kind <= 7 {
                to.push(kind << 5 | inline);
            } else {
                to.extend([inline, kind - 7]);
            }
            to.extend(rest);
        };
        match self {
            Self::Text(text) => {
                control(2, text.len(), to);
                to.extend(text.as_bytes());
            }
            Self::U16(number) => {
                control(5, 2, to);
                to.extend(number.to_be_bytes());
            }
            Self::U32(number) => {
                control(6, 4, to);
                to.extend(number.to_be_bytes());
            }
            Self::U64(number) => {
                control(9, 8, to);
                to.extend(number.to_be_bytes());
            }
            Self::Map(pairs) => {
                control(7, pairs.len(), to);
                for (key, value) in pairs {
                    Value::Text(key).write(to);
                    value.write(to);
                }
            }
            Self::List(values) => {
                control(11, values.len(), to);
                for value in values {
                    value.write(to);
                }
            }
        }
    }
}

/// A record that leads nowhere.
const NOWHERE: u32 = u32::MAX;

/// A database: networks with country and city, either of which may be missing (`""`).
pub fn database(places: &[(&str, &str, &str)]) -> Vec<u8> {
    let mut data = Vec::new();
    // Records are numbers of nodes; what is beyond half of all numbers is a place in the data.
    let data_bit = 1 << 31;
    let mut nodes: Vec<[u32; 2]> = vec![[NOWHERE; 2]];
    for (network, country, city) in places {
        let network: IpNet = network.parse().unwrap();
        // IPv4 is at ::/96.
        let (bits, length) = match network.addr() {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()), 96 + network.prefix_len()),
            IpAddr::V6(v6) => (v6.to_bits(), network.prefix_len()),
        };
        let place = data_bit | u32::try_from(data.len()).unwrap();
        let named = |name| {
            let names = Value::Map(vec![
                ("de", Value::Text("auf Deutsch")),
                ("en", Value::Text(name)),
            ]);
            Value::Map(vec![("geoname_id", Value::U32(1)), ("names", names)])
        };
        let parts = [("country", *country), ("city", *city)];
        let parts = parts.into_iter().filter(|(_, name)| !name.is_empty());
        Value::Map(parts.map(|(key, name)| (key, named(name))).collect()).write(&mut data);

        let mut node = 0;
        for depth in 0..length {
            let side = usize::try_from(bits >> (127 - depth) & 1).unwrap();
            if depth == length - 1 {
                nodes[node][side] = place;
            } else if nodes[node][side] == NOWHERE {
                nodes[node][side] = u32::try_from(nodes.len()).unwrap();
                node = nodes.len();
                nodes.push([NOWHERE; 2]);
            } else {
                node = usize::try_from(nodes[node][side]).unwrap();
            }
        }
    }
    let count = u32::try_from(nodes.len()).unwrap();
    let mut file = Vec::new();
    for record in nodes.into_iter().flatten() {
        let number = match record {
            NOWHERE => count,
            place if place & data_bit != 0 => count + 16 + (place & !data_bit),
            node => node,
        };
        file.extend(number.to_be_bytes());
    }
    file.extend([0; 16]);
    file.extend(data);
    file.extend(b"\xab\xcd\xefMaxMind.com");
    Value::Map(vec![
        ("node_count", Value::U32(count)),
        ("record_size", Value::U16(32)),
        ("ip_version", Value::U16(6)),
        ("database_type", Value::Text("GeoLite2-City")),
        (
            "languages",
            Value::List(vec![Value::Text("de"), Value::Text("en")]),
        ),
        ("binary_format_major_version", Value::U16(2)),
        ("binary_format_minor_version", Value::U16(0)),
        ("build_epoch", Value::U64(1_767_225_600)),
        (
            "description",
            Value::Map(vec![("en", Value::Text("A small world"))]),
        ),
    ])
    .write(&mut file);
    file
}

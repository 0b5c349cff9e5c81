//! [`IpNetwork`]: the addresses that begin alike.

use std::{fmt, net::IpAddr, str::FromStr};

use falconry_features::FeatureError;

/// The addresses whose first bits are those of a network, such as `10.0.0.0/8`.
///
/// An IPv4 address that is written as IPv6 (`::ffff:10.0.0.1`) is another address here.
///
/// ```
/// use falconry::middleware::IpNetwork;
///
/// let network: IpNetwork = "10.0.0.0/8".parse().unwrap();
/// assert!(network.contains("10.1.2.3".parse().unwrap()));
/// assert!(!network.contains("11.1.2.3".parse().unwrap()));
/// assert!("10.0.0.0/33".parse::<IpNetwork>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IpNetwork {
    address: IpAddr,
    prefix_length: u8,
}

impl IpNetwork {
    /// The network of `address` whose first `prefix_length` bits count; the others are ignored.
    ///
    /// # Errors
    /// Out of range: more bits than the address has, 32 or 128.
    pub fn new(address: IpAddr, prefix_length: u8) -> Result<Self, FeatureError> {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        if prefix_length > bits {
            return Err(FeatureError::out_of_range(format!(
                "a network of {address} with a prefix of {prefix_length} bits: the address has {bits}"
            )));
        }
        Ok(Self { address, prefix_length })
    }

    /// True if `address` is in the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let different = network.to_bits() ^ address.to_bits();
                different.leading_zeros() >= u32::from(self.prefix_length)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let different = network.to_bits() ^ address.to_bits();
                different.leading_zeros() >= u32::from(self.prefix_length)
            }
            _ => false,
        }
    }
}

impl FromStr for IpNetwork {
    type Err = FeatureError;

    fn from_str(text: &str) -> Result<Self, FeatureError> {
        let parts = text.split_once('/').and_then(|(address, bits)| {
            let has_digits = bits.bytes().all(|digit| digit.is_ascii_digit());
            Some((address.parse().ok()?, bits.parse().ok().filter(|_| has_digits)?))
        });
        let (address, bits) = parts.ok_or_else(|| {
            FeatureError::invalid_argument(format!("{text:?} is no network: write it as 10.0.0.0/8"))
        })?;
        Self::new(address, bits)
    }
}

impl fmt::Display for IpNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_length)
    }
}

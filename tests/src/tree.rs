//! Five divisions of one province, as the tests use them.

/// Place of the province in a [`Tree`] and its cluster.
pub const PROVINCE: &str = "province";
/// Place of the city.
pub const CITY: &str = "city";
/// Place of the county that decides.
pub const HOME: &str = "home";
/// Place of its neighbour.
pub const NEIGHBOUR: &str = "neighbour";
/// Place of a township of the neighbour.
pub const TOWNSHIP: &str = "township";

/// A province, a city, two of its counties, and a township of the second: place, code and name of each, from above.
#[derive(Clone, Copy, Debug)]
pub struct Tree(pub [(&'static str, &'static str, &'static str); 5]);

impl Tree {
    /// 浙江省, 杭州市.
    pub const ZHEJIANG: Self = Self([
        (PROVINCE, "330000", "浙江省"),
        (CITY, "330100", "杭州市"),
        (HOME, "330106", "西湖区"),
        (NEIGHBOUR, "330110", "余杭区"),
        (TOWNSHIP, "330110009", "良渚街道"),
    ]);
    /// 湖北省, 武汉市.
    pub const HUBEI: Self = Self([
        (PROVINCE, "420000", "湖北省"),
        (CITY, "420100", "武汉市"),
        (HOME, "420106", "武昌区"),
        (NEIGHBOUR, "420111", "洪山区"),
        (TOWNSHIP, "420111002", "关山街道"),
    ]);

    /// The places from above.
    pub fn places(&self) -> impl DoubleEndedIterator<Item = &'static str> {
        self.0.into_iter().map(|(place, ..)| place)
    }

    /// The place under which a place joins.
    ///
    /// # Panics
    ///
    /// For the province, which is the root.
    #[must_use]
    pub fn superior(place: &str) -> &'static str {
        match place {
            CITY => PROVINCE,
            HOME | NEIGHBOUR => CITY,
            TOWNSHIP => NEIGHBOUR,
            _ => panic!("{place} joins nowhere"),
        }
    }

    /// Code of a place as given, without trailing zeros.
    ///
    /// # Panics
    ///
    /// When there is no such place.
    #[must_use]
    pub fn code(&self, place: &str) -> &'static str {
        self.0.iter().find(|(known, ..)| *known == place).map(|(_, code, _)| *code).expect("a place of the tree")
    }
}

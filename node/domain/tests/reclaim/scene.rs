//! A city over the county that decides, its second node, and the township that collects.

use tongban_codes::ids::{CaseId, NodeId};
use tongban_domain::case::{Act, Custody, ReclaimOrder};
use tongban_domain::{Command, Notice, NoticeBody, Witness};

use crate::hall::{Hall, at, carry, collect, daishi, guangan, under};

pub(crate) const PERMIT_CODE: &str = "511A0015500013";

/// The four nodes, a case that the township collected, and the offer of it.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) city: Hall,
    pub(crate) home: Hall,
    pub(crate) next: Hall,
    pub(crate) town: Hall,
    pub(crate) id: CaseId,
    pub(crate) offer: Notice,
}

pub(crate) fn scene() -> Scene {
    scene_of(|_| {})
}

/// A scene whose county publishes something else, at both of its nodes.
pub(crate) fn scene_of(prepared: impl Fn(&mut Hall)) -> Scene {
    let (mut home, mut city) = (guangan(), Hall::new("511600", "广安市"));
    prepared(&mut home);
    let mut town = daishi(&home);
    let mut next = guangan().second();
    prepared(&mut next);
    under(&mut city, &mut [&mut next, &mut home, &mut town]);
    let change = town.act(&collect(PERMIT_CODE, home.division())).unwrap();
    let offer = change.notices[0].clone();
    Scene { city, home, next, town, id: offer.case, offer }
}

impl Scene {
    /// The offer is taken, and both know.
    pub(crate) fn taken(&mut self) {
        for notice in carry(&self.offer.clone(), &mut self.town, &mut self.home) {
            carry(&notice, &mut self.home, &mut self.town);
        }
    }

    /// The county does something, of which the township hears or not.
    pub(crate) fn done(&mut self, command: &Command, heard: bool) {
        for notice in self.home.act(command).unwrap().notices {
            if heard {
                carry(&notice, &mut self.home, &mut self.town);
            }
        }
    }

    /// The township asks; its word is on its way.
    pub(crate) fn asks(&mut self) -> Notice {
        let reason = "机房失火".to_owned();
        let asked = self.town.act(&Command::AskReclaim { case: self.id.to_string(), reason }).unwrap();
        asked.notices[0].clone()
    }

    pub(crate) fn ask(&mut self) {
        let notice = self.asks();
        carry(&notice, &mut self.town, &mut self.city);
    }

    /// A word of the township comes to the superior, and its answers come back.
    pub(crate) fn heard_above(&mut self, notice: &Notice) {
        for answer in carry(notice, &mut self.town, &mut self.city) {
            carry(&answer, &mut self.city, &mut self.town);
        }
    }

    /// The township hands the case to the county's other node, and both know.
    pub(crate) fn handed_on(&mut self) {
        let offered = self.town.act(&Command::Offer(self.id.to_string())).unwrap();
        assert_eq!(offered.notices[0].to, self.next.place().node);
        for notice in carry(&offered.notices[0], &mut self.town, &mut self.next) {
            carry(&notice, &mut self.next, &mut self.town);
        }
    }

    /// Asked, ordered to go on at the county's other node, taken by the township; that node has the order.
    pub(crate) fn reclaimed_for_next(&mut self) {
        self.ask();
        let notices = self.order(Witness { successor: Some(self.next.place()), as_told: true, ..self.witness() });
        for node in [self.town.place().node, self.next.place().node] {
            self.tell(&notices, node);
        }
    }

    pub(crate) fn case(&self) -> String {
        self.id.to_string()
    }

    pub(crate) fn witness(&self) -> Witness {
        let row = &self.city.state.reclaims[&self.id];
        let asked = row.request.as_ref().unwrap();
        Witness {
            request: (asked.lost.node, asked.at),
            fence: at(2026, 9, 14, 12),
            successor: None,
            acts: Vec::new(),
            entries: 3,
            standing: None,
            as_told: false,
        }
    }

    pub(crate) fn order(&mut self, witness: Witness) -> Vec<Notice> {
        let command = Command::OrderReclaim { case: self.id, witness: Box::new(witness) };
        self.city.act(&command).unwrap().notices
    }

    pub(crate) fn refused(&mut self, witness: Witness) -> &'static str {
        self.city.code(&Command::OrderReclaim { case: self.id, witness: Box::new(witness) })
    }

    pub(crate) fn tell(&mut self, notices: &[Notice], node: NodeId) {
        for notice in notices.iter().filter(|notice| notice.to == node) {
            let Scene { city, home, next, town, .. } = self;
            let hall = [home, next, town].into_iter().find(|hall| hall.place().node == node).unwrap();
            let answers = carry(notice, city, hall);
            for answer in answers {
                let (from, to) = (&mut self.home, &mut self.town);
                carry(&answer, from, to);
            }
        }
    }

    /// Asked, ordered, taken by the township.
    pub(crate) fn reclaimed(&mut self) -> Vec<Notice> {
        self.ask();
        let notices = self.order(self.witness());
        self.tell(&notices, self.town.place().node);
        notices
    }
}

pub(crate) fn order_of(notices: &[Notice]) -> Box<ReclaimOrder> {
    notices
        .iter()
        .find_map(|notice| match &notice.body {
            NoticeBody::ReclaimOrder(order) => Some(order.clone()),
            _ => None,
        })
        .unwrap()
}

pub(crate) fn owners(scene: &Scene) -> Vec<u32> {
    let halls = [&scene.home, &scene.next, &scene.town];
    let cases = halls.into_iter().filter_map(|hall| hall.state.cases.get(&scene.id));
    cases.filter(|case| case.custody == Custody::Owner).map(|case| case.tenure).collect()
}

pub(crate) fn hall_act(act: &Act, change: impl FnOnce(&mut Act)) -> Act {
    let mut act = act.clone();
    change(&mut act);
    act
}

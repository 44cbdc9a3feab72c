//! `tongban case report`: a page of cases after the other, each a batch that is sent and remembered before the next is asked for. What breaks off
//! leaves whole batches behind, and the next report goes on where it was.

use std::collections::BTreeSet;
use std::path::PathBuf;

use tongban_domain::tables::{Batch, ReportedRow, Row, Subject};

use super::report::{Args, RECORDED_ROWS, Sending, Sent, Target, planned, said};
use crate::api::v1::{CasePlan, OpenCaseFront, PlanCases, RecordCases, SentCases, SentCasesPage};
use crate::cli::Context;
use crate::cli::client::Client;
use crate::cli::failure::{Failure, Outcome};
use crate::front::{Mapping, Written};

/// Pages that go into one script: it is one transaction, and its rows are held in memory until it is written.
const SCRIPT_PAGES: usize = 50;

pub(super) fn run(context: &Context, client: &Client, mapping: &Mapping, args: &Args) -> Result<Outcome, Failure> {
    let mut target = Target::of(args, mapping)?;
    let mut report = Report::default();
    if target.is_some() {
        client.post("/v1/front/cases/open", &OpenCaseFront { channel: mapping.name.clone() })?;
    }
    // A script is one file: its pages are sent together.
    let together = if matches!(target, Some(Target::Script(_))) { SCRIPT_PAGES } else { 1 };
    let mut after = None;
    loop {
        let mut pages = Vec::new();
        while pages.len() < together {
            let (channel, choices) = (mapping.name.clone(), mapping.choices.clone());
            let body = PlanCases { channel, choices, after, limit: None, again: args.again };
            let page: CasePlan = client.post("/v1/front/cases/plan", &body)?.read()?;
            after = page.next;
            pages.push(page);
            if after.is_none() {
                break;
            }
        }
        report.count(&mut pages);
        if let Some(target) = &mut target {
            report.send(context, client, (mapping, args.again), target, pages)?;
        }
        let is_script = matches!(target, Some(Target::Script(_)));
        if after.is_none() || is_script {
            report.sent.more = is_script.then_some(after.is_some());
            break;
        }
    }
    said(context.output, &report.sent, report.place.as_deref())?;
    Ok(report.sent.outcome())
}

#[derive(Default)]
struct Report {
    sent: Sent,
    place: Option<PathBuf>,
}

impl Report {
    fn count(&mut self, pages: &mut [CasePlan]) {
        let sent = &mut self.sent;
        for page in pages {
            sent.count(page.rows.iter().map(|row| row.operation));
            sent.unchanged += page.unchanged;
            sent.cases = Some(sent.cases.unwrap_or_default() + page.cases);
            sent.lacking += page.lacking;
            sent.lack(std::mem::take(&mut page.lacks));
        }
    }

    /// Sends the rows of some pages as one batch, and tells the node what lies there and which cases were looked at.
    fn send(
        &mut self,
        context: &Context,
        client: &Client,
        (mapping, again): (&Mapping, bool),
        target: &mut Target<'_>,
        mut pages: Vec<CasePlan>,
    ) -> Result<(), Failure> {
        let rows: Vec<ReportedRow> = pages.iter_mut().flat_map(|page| std::mem::take(&mut page.rows)).collect();
        let Some(first) = pages.first() else { return Ok(()) };
        let (batch, at) = (first.batch.clone(), first.at);
        let channel = mapping.name.clone();
        let mut written = Written::default();
        let mut sent = None;
        if !rows.is_empty() {
            let whole = pages.iter().all(|page| page.parts == 0);
            let division = client.division();
            let planned = planned(&rows);
            let sending = Sending { subject: Subject::Cases, division, batch: &batch, rows, whole };
            let (there, place) = target.send(context, mapping, again, sending)?;
            written = there;
            sent = Some((batch.clone(), at));
            self.sent.written += written.changed;
            self.sent.refused(&written.refused, &planned);
            self.sent.batches = Some(self.sent.batches.unwrap_or_default() + 1);
            // Of several directories the one in which they lie is said.
            let several = self.sent.batches > Some(1);
            self.place = place.map(|place| place.parent().filter(|_| several).map_or(place.clone(), PathBuf::from));
            self.sent.batch = Some(batch);
        }
        for part in written.rows.chunks(RECORDED_ROWS) {
            // Who applied is none of what the node remembers of it.
            let rows = part.iter().map(|row| ReportedRow { values: Row::kept(&row.values), ..row.clone() }).collect();
            let body = RecordCases { channel: channel.clone(), sent: sent.clone(), rows, ..RecordCases::default() };
            client.post("/v1/front/cases/record", &body)?;
        }
        // Only what was told is done.
        let refused: BTreeSet<&str> = written.refused.iter().map(|row| row.item.as_str()).collect();
        for page in pages {
            let CasePlan { mut looked, surveyed, is_surveyed, openings, .. } = page;
            for looked in &mut looked {
                looked.done &= !refused.contains(looked.case.to_string().as_str());
            }
            let channel = channel.clone();
            let body = RecordCases { channel, looked, surveyed, is_surveyed, openings, ..RecordCases::default() };
            if !body.looked.is_empty() || is_surveyed {
                client.post("/v1/front/cases/record", &body)?;
            }
        }
        Ok(())
    }
}

/// What was sent of cases after a batch, as they are now, and whether that is all of the cases of which something was.
pub(super) fn after(
    client: &Client,
    mapping: &Mapping,
    since: Option<Batch>,
) -> Result<(Vec<ReportedRow>, bool), Failure> {
    let (mut rows, mut whole, mut after) = (Vec::new(), true, None);
    loop {
        let (channel, choices) = (mapping.name.clone(), mapping.choices.clone());
        let body = SentCases { channel, choices, since: since.map(|since| since.to_string()), after };
        let page: SentCasesPage = client.post("/v1/front/cases/sent", &body)?.read()?;
        rows.extend(page.rows);
        whole &= page.parts == 0;
        after = page.next;
        if after.is_none() {
            return Ok((rows, whole));
        }
    }
}

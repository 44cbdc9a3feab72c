//! Files of materials between nodes: asked for part by part of the node that collected, over whichever links lead there, and verified before
//! they count.
//!
//! ```text
//!   WANTED ──▶ Fetcher ── part, part, part ──▶ links, relays ──▶ the collecting node: part()
//!                 │ whole, digest holds                            only for the case's own nodes
//!                 ▼
//!              Event::File ──▶ HELD
//! ```
//!
//! What came stays when a link breaks or the node ends, and the next attempt goes on behind it.

mod fetch;
mod losing;
mod pace;
mod queue;

pub use fetch::Fetcher;
pub(crate) use losing::lost;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tongban_codes::ids::{Digest, NodeId};
use tongban_domain::case::{Case, Custody, HeldFile, Material};
use tongban_federation::limits;
use tongban_federation::wire::MaterialPart;
use tongban_storage::keyspace::{case, material};
use tongban_storage::{Read, StorageError};

use super::ask::MaterialAnswer;
use super::knowledge::Knowledge;
use super::shared::Shared;
use crate::engine::Refused;
use crate::materials::{FileError, Kept, MaterialFiles, MaterialPlace};

/// Why a file isn't coming now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// A stable code.
    pub(crate) code: String,
    /// What exactly.
    pub(crate) text: String,
}

impl Trouble {
    fn new(code: impl Into<String>, text: impl Into<String>) -> Self {
        Self { code: code.into(), text: text.into() }
    }
}

impl From<FileError> for Trouble {
    fn from(error: FileError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<Refused> for Trouble {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Problem(problem) => Self::new(problem.code, problem.en),
            Refused::Rejection(rejection) => Self::new(rejection.code, &*rejection.en),
            Refused::Unknown => Self::new("outcome-unknown", ""),
            Refused::Stopped => Self::new("node-stopping", ""),
        }
    }
}

/// What kept each wanted file from coming at the last attempt.
#[derive(Debug, Default)]
pub(crate) struct Fetching(Mutex<BTreeMap<MaterialPlace, Trouble>>);

impl Fetching {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<MaterialPlace, Trouble>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why a file didn't come at the last attempt, if it didn't.
    pub(crate) fn trouble(&self, place: &MaterialPlace) -> Option<Trouble> {
        self.lock().get(place).cloned()
    }
}

/// Whether a node is one of the case's: where it was collected, where it is decided, to whom it is offered, who owns it.
fn is_party(case: &Case, node: &NodeId) -> bool {
    let owner = match &case.custody {
        Custody::Owner => None,
        Custody::Offered { to, .. } => Some(to.node),
        Custody::Elsewhere { owner, .. } => Some(owner.node),
    };
    // Before it was offered the case is nobody's business but this hall's, the deciding node's included.
    let offered = owner.is_some() || case.tenure > 1;
    owner == Some(*node) || (offered && (case.collecting.node == *node || case.deciding.node == *node))
}

/// The case and the file of a part that is asked for by a node that the case was offered to, that owns it or that collected it.
fn asked_for(knowledge: &Knowledge, asker: &NodeId, part: &MaterialPart) -> Result<(Case, HeldFile), Refused> {
    let state = &*knowledge.parts.backend;
    let row = case::CASE.load(state, &part.case)?.filter(|row| is_party(row, asker)).ok_or_else(|| {
        tracing::warn!(%asker, case = %part.case, code = "material-foreign", "a node asked for a material of a case that is not its own");
        Refused::problem("material-foreign", "no case of the asker's with such a material is here", "本节点没有属于对方的该办件材料")
    })?;
    let held = match material::HELD.load(state, &(part.case, part.digest))? {
        Some(held) => Some((row, held)),
        None => of_former(state, &row, &part.digest)?,
    };
    held.ok_or_else(|| Refused::problem("material-unknown", "the file is not here", "本节点没有该材料文件"))
}

fn answered(
    knowledge: &Knowledge,
    (row, held): &(Case, HeldFile),
    part: &MaterialPart,
) -> Result<MaterialAnswer, Refused> {
    let max = usize::try_from(part.bytes_max).unwrap_or(usize::MAX).min(limits::MATERIAL_PART_BYTES);
    let bytes = read(knowledge, row, held, part.from, max)?;
    Ok(MaterialAnswer { digest: part.digest, from: part.from, size: held.size, bytes })
}

/// A part of a file, as [`give`] answers it, where nothing is fetched again.
pub(super) fn part(knowledge: &Knowledge, asker: &NodeId, part: &MaterialPart) -> Result<MaterialAnswer, Refused> {
    answered(knowledge, &asked_for(knowledge, asker, part)?, part)
}

/// Gives a part of a file to a node that the case was offered to, that owns it or that collected it. One that is found damaged is fetched again
/// where it can be.
pub(super) async fn give(shared: &Arc<Shared>, asker: NodeId, part: MaterialPart) -> Result<MaterialAnswer, Refused> {
    let reading = Arc::clone(shared);
    let read = super::drift::apart(move || {
        let found = asked_for(&reading, &asker, &part)?;
        let given = answered(&reading, &found, &part);
        Ok((found, given))
    });
    let ((row, held), given) = read.await?;
    if let Err(Refused::Problem(problem)) = &given
        && problem.code == DAMAGED
    {
        lost(shared, row.id, held).await?;
    }
    given
}

/// The file of the case that this node has forwarded as another one: it may have come only afterwards.
fn of_former(read: &dyn Read, row: &Case, digest: &Digest) -> Result<Option<(Case, HeldFile)>, StorageError> {
    let names = row.materials.iter().filter_map(Material::file).any(|(named, _)| named == *digest);
    let Some(from) = row.forwarded_from.as_ref().filter(|_| names) else { return Ok(None) };
    let former = case::CASE.load(read, &from.case)?;
    // What a peer offers may name any case as the former one: the former one has to say so itself.
    let former = former.filter(|former| former.forwarded_to.as_ref().is_some_and(|to| to.case == row.id));
    let held = material::HELD.load(read, &(from.case, *digest))?;
    Ok(former.zip(held))
}

/// Bytes of a file that is here.
///
/// # Errors
///
/// [`DAMAGED`] when the file is changed, cut short or gone, `material-io` when the disk refuses; `material-unknown` where no files are kept.
pub(crate) fn read(
    knowledge: &Knowledge,
    case: &Case,
    held: &HeldFile,
    from: u64,
    bytes_max: usize,
) -> Result<Vec<u8>, Refused> {
    let damaged = |detail: String| {
        tracing::error!(case = %case.id, material = %held.digest, %detail, code = DAMAGED, "a file of a material can't be read");
        Refused::problem(DAMAGED, format!("the file can't be read: {detail}"), "材料文件已损坏，无法读取")
            .about("material", held.digest)
            .remedy("ask the applicant for it again: tongban case notify", "请申请人重新提交：tongban case notify")
    };
    let files = knowledge.parts.blobs.materials();
    let files =
        files.ok_or_else(|| Refused::problem("material-unknown", "no files are kept here", "本节点不保存材料文件"))?;
    let key = knowledge.parts.keys.file_key(case, &held.key);
    let key = key.ok_or_else(|| damaged("the key of the case doesn't open the key of the file".to_owned()))?;
    files.read(&held.file, held.size, &key, from, bytes_max).map_err(|error| match error.code() {
        DAMAGED => damaged(error.to_string()),
        code => {
            tracing::error!(case = %case.id, material = %held.digest, %error, code, "a file of a material can't be read now");
            Refused::problem(code, error.to_string(), format!("材料文件暂时无法读取：{error}"))
        }
    })
}

/// The code of a file that is changed, cut short or gone.
pub(crate) const DAMAGED: &str = "material-damaged";

/// Removes what no case names and nobody wants, when it is a day old.
///
/// # Errors
///
/// When the folder or the state can't be read.
pub fn sweep(knowledge: &Knowledge, files: &MaterialFiles) -> std::io::Result<usize> {
    let state = &*knowledge.parts.backend;
    let wanted = material::WANTED.list(state, &[], None, usize::MAX).map_err(std::io::Error::other)?;
    let wanted: std::collections::BTreeSet<_> =
        wanted.into_iter().map(|((case, digest), _)| files.fetched(&case, &digest)).collect();
    files.sweep(SystemTime::now(), |file| {
        Ok(match material::is_named(state, file)? {
            true => Kept::Named,
            false if wanted.contains(file) => Kept::Wanted,
            false => Kept::No,
        })
    })
}

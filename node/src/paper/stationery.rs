//! The hall's own templates and fonts.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use tokio::sync::Semaphore;
use tongban_document::{FONT_BYTES_MAX, FontError, Fonts, TEMPLATE_BYTES_MAX, TemplateError, Templates};

use crate::api::v1::Problem;
use crate::engine::Refused;

/// How many prints are drawn at once.
const DRAWN_MAX: usize = 2;

/// The most fonts of a hall.
const FONTS_MAX: usize = 16;

/// The most bytes of all fonts of a hall together: they stay in memory from the first print on.
const FONTS_BYTES_MAX: u64 = 2 * FONT_BYTES_MAX as u64;

/// The hall's templates and fonts over those of the release.
pub(crate) struct Stationery {
    pub(crate) templates: Templates,
    pub(crate) fonts: Fonts,
}

/// The files of a hall's directory: path, time of the last change, bytes. As long as they are the same, what was read of them counts.
type Files = Vec<(PathBuf, Option<SystemTime>, u64)>;

/// Keeps a hall's templates and fonts between prints, and lets few prints be drawn at once.
pub(crate) struct Stationer {
    directory: PathBuf,
    known: Mutex<Option<(Files, Arc<Stationery>)>>,
    /// For each print that may be drawn now.
    drawing: Arc<Semaphore>,
}

impl Stationer {
    /// Over a hall's directory.
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { directory, known: Mutex::default(), drawing: Arc::new(Semaphore::new(DRAWN_MAX)) }
    }

    /// Draws on a thread of its own when it is its turn. The turn is over when it is drawn, though nobody may wait for it any more.
    pub(crate) async fn draw<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let turn = Arc::clone(&self.drawing).acquire_owned().await.map_err(Refused::fault)?;
        let drawn = tokio::task::spawn_blocking(move || {
            let drawn = work();
            drop(turn);
            drawn
        });
        drawn.await.map_err(Refused::fault)
    }

    /// The templates and fonts as they lie there now.
    pub(crate) fn stationery(&self) -> Result<Arc<Stationery>, StationeryError> {
        // Held while they are read, so that prints that begin together read them once.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let files = seen(&self.directory)?;
        if let Some((of, stationery)) = &*known
            && *of == files
        {
            return Ok(Arc::clone(stationery));
        }
        // The old ones are given up before the new ones are read.
        *known = None;
        let stationery = Arc::new(Stationery::read(&self.directory)?);
        *known = Some((files, Arc::clone(&stationery)));
        Ok(stationery)
    }
}

/// What lies in a hall's directory.
fn seen(directory: &Path) -> Result<Files, StationeryError> {
    let mut seen = Vec::new();
    for (_, path) in [files(&directory.join("templates"), &["toml"])?, fonts(directory)?].concat() {
        let metadata = std::fs::metadata(&path);
        let metadata =
            metadata.map_err(|error| StationeryError::Read { path: path.clone(), reason: error.to_string() })?;
        seen.push((path, metadata.modified().ok(), metadata.len()));
    }
    Ok(seen)
}

/// The files of a hall's fonts.
fn fonts(directory: &Path) -> Result<Vec<(String, PathBuf)>, StationeryError> {
    let mut fonts = files(&directory.join("fonts"), &["otf", "ttf"])?;
    fonts.truncate(FONTS_MAX);
    Ok(fonts)
}

/// Why the hall's templates or fonts can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StationeryError {
    /// A template doesn't hold.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A file is no font.
    #[error(transparent)]
    Font(#[from] FontError),
    /// A file can't be read, or is too large.
    #[error("{} can't be read: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl StationeryError {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Template(_) => "template-invalid",
            Self::Font(_) => "font-invalid",
            Self::Read { .. } => "paper-unreadable",
        }
    }

    /// File at fault.
    pub(crate) fn file(&self) -> String {
        match self {
            Self::Template(error) => error.file.clone(),
            Self::Font(error) => error.file.clone(),
            Self::Read { path, .. } => path.display().to_string(),
        }
    }

    /// The error as the interfaces show it.
    pub(crate) fn problem(&self) -> Problem {
        Problem {
            code: self.code().to_owned(),
            field: "paper".to_owned(),
            value: self.file(),
            en: self.to_string(),
            zh: self.zh(),
            remedy_en: "mend it, and try: tongban config check".to_owned(),
            remedy_zh: "修改后用 tongban config check 检查".to_owned(),
        }
    }

    pub(crate) fn zh(&self) -> String {
        match self {
            Self::Template(error) => format!("{} 第 {} 行：{}", error.file, error.line, error.zh),
            Self::Font(error) => format!("{} 不是可嵌入的 OpenType 或 TrueType 字体", error.file),
            Self::Read { path, reason } => format!("无法读取 {}：{reason}", path.display()),
        }
    }
}

impl Stationery {
    /// Reads a hall's directory; one that isn't there adds nothing.
    pub(crate) fn read(directory: &Path) -> Result<Self, StationeryError> {
        let mut templates = Vec::new();
        for (name, path) in files(&directory.join("templates"), &["toml"])? {
            let bytes = bounded(&path, TEMPLATE_BYTES_MAX)?;
            let unreadable = |_| StationeryError::Read { path: path.clone(), reason: "not UTF-8".to_owned() };
            templates.push((name, String::from_utf8(bytes).map_err(unreadable)?));
        }
        let mut fonts = Vec::new();
        let mut all = 0;
        for (name, path) in self::fonts(directory)? {
            let bytes = bounded(&path, FONT_BYTES_MAX)?;
            all += bytes.len() as u64;
            if all > FONTS_BYTES_MAX {
                let reason = format!("the fonts have more than {} MiB together", FONTS_BYTES_MAX >> 20);
                return Err(StationeryError::Read { path, reason });
            }
            fonts.push((name, bytes));
        }
        let texts = templates.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        Ok(Self { templates: Templates::new(texts)?, fonts: Fonts::new(fonts)? })
    }
}

/// Files of a directory with one of the extensions, by name without it.
fn files(directory: &Path, extensions: &[&str]) -> Result<Vec<(String, PathBuf)>, StationeryError> {
    let unreadable =
        |error: std::io::Error| StationeryError::Read { path: directory.to_owned(), reason: error.to_string() };
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if extensions.contains(&extension)
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
        {
            found.push((name.to_owned(), path));
        }
    }
    found.sort();
    Ok(found)
}

fn bounded(path: &Path, bytes_max: usize) -> Result<Vec<u8>, StationeryError> {
    let unreadable = |reason: String| StationeryError::Read { path: path.to_owned(), reason };
    let size = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if size > bytes_max as u64 {
        return Err(unreadable(format!("{size} bytes, more than {bytes_max}")));
    }
    std::fs::read(path).map_err(|error| unreadable(error.to_string()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn templates_and_fonts_of_the_hall_are_read_and_judged() {
        let directory = tempfile::tempdir().unwrap();
        assert!(Stationery::read(directory.path()).is_ok(), "none is none");
        let templates = directory.path().join("templates");
        std::fs::create_dir_all(&templates).unwrap();
        std::fs::write(templates.join("acceptance.toml"), "title = [\"甲\"]\n[[part]]\ntext = \"{x}\"\n").unwrap();
        let error = Stationery::read(directory.path()).err().unwrap();
        assert_eq!((error.code(), error.file().as_str()), ("template-invalid", "acceptance.toml"));
        assert!(error.zh().contains("第 3 行") && error.zh().contains("{x}"), "{}", error.zh());
        std::fs::write(templates.join("acceptance.toml"), "title = [\"甲\"]\n").unwrap();
        let fonts = directory.path().join("fonts");
        std::fs::create_dir_all(&fonts).unwrap();
        std::fs::write(fonts.join("body.otf"), "no font").unwrap();
        assert_eq!(Stationery::read(directory.path()).err().unwrap().code(), "font-invalid");
        std::fs::remove_file(fonts.join("body.otf")).unwrap();
        std::fs::write(templates.join("decision.toml"), [0xff, 0xfe]).unwrap();
        assert_eq!(Stationery::read(directory.path()).err().unwrap().code(), "paper-unreadable");
    }

    #[test]
    fn what_has_not_changed_is_read_once() {
        let directory = tempfile::tempdir().unwrap();
        let stationer = Stationer::new(directory.path().to_owned());
        let first = stationer.stationery().unwrap();
        assert!(Arc::ptr_eq(&first, &stationer.stationery().unwrap()));
        let templates = directory.path().join("templates");
        std::fs::create_dir_all(&templates).unwrap();
        let own = templates.join("acceptance.toml");
        std::fs::write(&own, "title = [\"甲\"]\n").unwrap();
        let second = stationer.stationery().unwrap();
        assert!(!Arc::ptr_eq(&first, &second) && first.templates != second.templates);
        assert!(Arc::ptr_eq(&second, &stationer.stationery().unwrap()));
        // As long as before, at another time.
        std::fs::write(&own, "title = [\"乙\"]\n").unwrap();
        let opened = std::fs::File::options().write(true).open(&own).unwrap();
        opened.set_modified(SystemTime::now() + std::time::Duration::from_secs(5)).unwrap();
        let third = stationer.stationery().unwrap();
        assert!(second.templates != third.templates);
        // What doesn't hold isn't kept, nor is what stood before it.
        std::fs::write(&own, "title = 1\n").unwrap();
        assert_eq!(stationer.stationery().err().unwrap().code(), "template-invalid");
        assert_eq!(stationer.stationery().err().unwrap().code(), "template-invalid");
        std::fs::remove_file(&own).unwrap();
        assert!(stationer.stationery().unwrap().templates == first.templates);
    }

    #[tokio::test]
    async fn whoever_goes_away_gives_nobody_else_his_turn_before_his_is_drawn() {
        let stationer = Arc::new(Stationer::new(PathBuf::from("nowhere")));
        let (begun, begins) = std::sync::mpsc::channel();
        let begins = Arc::new(Mutex::new(begins));
        let mut ends = Vec::new();
        for _ in 0..DRAWN_MAX {
            let (end, ended) = std::sync::mpsc::channel::<()>();
            ends.push(end);
            let (here, begun) = (Arc::clone(&stationer), begun.clone());
            let asked = tokio::spawn(async move {
                here.draw(move || {
                    begun.send(()).unwrap();
                    ended.recv().unwrap();
                })
                .await
            });
            let begins = Arc::clone(&begins);
            tokio::task::spawn_blocking(move || begins.lock().unwrap().recv().unwrap()).await.unwrap();
            asked.abort();
            assert!(asked.await.unwrap_err().is_cancelled());
        }
        let next = stationer.draw(|| ());
        tokio::pin!(next);
        let soon = std::time::Duration::from_millis(200);
        assert!(tokio::time::timeout(soon, &mut next).await.is_err(), "two are being drawn");
        ends.pop().unwrap().send(()).unwrap();
        next.await.unwrap();
        ends.into_iter().for_each(|end| end.send(()).unwrap());
    }

    #[test]
    fn the_manual_names_the_bounds() {
        let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operating/documents.md");
        let manual = std::fs::read_to_string(manual).unwrap();
        let bounds = manual.split("**上限 · Bounds.**").nth(1).unwrap();
        let (zh, en) = bounds.split_once('\n').unwrap();
        let (template, font, all) = (TEMPLATE_BYTES_MAX >> 10, FONT_BYTES_MAX >> 20, FONTS_BYTES_MAX >> 20);
        for said in [
            format!("模板每份不超过 {template} KiB"),
            format!("字体每份不超过 {font} MiB，合计不超过 {all} MiB"),
            format!("前 {FONTS_MAX} 份"),
        ] {
            assert!(zh.contains(&said), "{said}");
        }
        for said in [
            format!("A template has at most {template} KiB"),
            format!("at most {font} MiB, and all together at most {all} MiB"),
            format!("the first {FONTS_MAX} by name"),
        ] {
            assert!(en.contains(&said), "{said}");
        }
    }
}

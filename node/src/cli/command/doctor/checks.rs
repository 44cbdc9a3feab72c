//! Checks of this machine and of the directory, without the node.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tongban_codes::calendar::Calendar;
use tongban_codes::time::{Date, Timestamp};
use tongban_seal::Signer as _;

use super::Finding;
use crate::cli::text::doctor::{
    CALENDAR_ENDED, CALENDAR_ENDS, CALENDAR_OK, CLOCK_ABSURD, CLOCK_OK, CONFIG_OK, CONNECTOR_UNUSABLE, CONNECTORS_OK,
    DIRECTORY_OK, DISK_LOW, DISK_NEAR, DISK_OK, DISK_UNKNOWN, KEYS_OK, MODE_LOOSE, MODE_UNREADABLE, MODES_OK,
    NOT_DIALLED, SOCKET_LONG,
};
use crate::config::{Config, Identity, NodeDirectory, UnlockFile};
use crate::connector::Connectors;

/// The longest path of a Unix socket, in bytes (sun_path without its end).
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// No clock is right that shows an earlier time: 2026-01-01 in China, in seconds since 1970.
const RELEASE_SECONDS: i64 = 1_767_196_800;

/// The month from which the next year's calendar is expected: the State Council publishes it in early November.
const CALENDAR_EXPECTED_MONTH: u8 = 11;

pub(super) fn directory(directory: &Path, identity: &Identity) -> Finding {
    let node = identity.node.to_string();
    Finding::ok("directory", &DIRECTORY_OK, &[&directory.display().to_string(), &identity.name, &node])
}

pub(super) fn config(directory: &Path, config: &Config) -> Finding {
    if config.dialled_at().is_empty() {
        let file = directory.join("config.toml").display().to_string();
        return Finding::warn("config", &NOT_DIALLED, &[&file]);
    }
    Finding::ok("config", &CONFIG_OK, &[&config.listen.to_string()])
}

pub(super) fn keys(directory: &Path) -> Finding {
    match NodeDirectory::open_keys(directory) {
        Ok(keys) => Finding::ok("keys", &KEYS_OK, &[&keys.seal.key_id().to_string()]),
        Err(error) => Finding::failed("keys", error.problem()),
    }
}

pub(super) fn permissions(directory: &Path) -> Finding {
    let keys = directory.join("keys");
    let mut private: Vec<PathBuf> = vec![keys.clone(), UnlockFile::of(directory).path];
    let files = std::fs::read_dir(&keys).into_iter().flatten().flatten().map(|entry| entry.path());
    private.extend(files);
    for path in private {
        let shown = path.display().to_string();
        match std::fs::metadata(&path) {
            Ok(found) if found.permissions().mode() & 0o077 != 0 => {
                return Finding::fail("permissions", &MODE_LOOSE, &[&shown]);
            }
            Ok(_) => {}
            Err(error) => return Finding::fail("permissions", &MODE_UNREADABLE, &[&shown, &error.to_string()]),
        }
    }
    Finding::ok("permissions", &MODES_OK, &[])
}

pub(super) fn connectors(directory: &Path, config: &Config) -> Option<Finding> {
    if config.connector.is_empty() {
        return None;
    }
    let problems = Connectors::new(config, directory).problems();
    Some(match problems.first() {
        Some((name, problem)) => Finding::warn("connectors", &CONNECTOR_UNUSABLE, &[name, &problem.en, &problem.zh]),
        None => Finding::ok("connectors", &CONNECTORS_OK, &[&config.connector.len().to_string()]),
    })
}

pub(super) fn disk(directory: &Path, low_water_mib: u32) -> Finding {
    match rustix::fs::statvfs(directory) {
        Ok(found) => free_disk(found.f_bavail.saturating_mul(found.f_frsize) >> 20, low_water_mib),
        Err(error) => Finding::warn("disk", &DISK_UNKNOWN, &[&error.to_string()]),
    }
}

fn free_disk(free_mib: u64, low_water_mib: u32) -> Finding {
    let (free, low) = (free_mib.to_string(), low_water_mib.to_string());
    let mark = u64::from(low_water_mib);
    if free_mib < mark {
        Finding::fail("disk", &DISK_LOW, &[&free, &low])
    } else if free_mib < mark * 2 {
        Finding::warn("disk", &DISK_NEAR, &[&free, &low])
    } else {
        Finding::ok("disk", &DISK_OK, &[&free])
    }
}

pub(super) fn clock(now: Timestamp) -> Finding {
    let shown = now.to_string();
    if now < Timestamp::from_seconds(RELEASE_SECONDS) {
        Finding::fail("clock", &CLOCK_ABSURD, &[&shown])
    } else {
        Finding::ok("clock", &CLOCK_OK, &[&shown])
    }
}

pub(super) fn calendar(today: Date) -> Finding {
    let last = Calendar::embedded().last_year();
    let (known, next) = (last.to_string(), (last + 1).to_string());
    if today.year() > last {
        Finding::warn("calendar", &CALENDAR_ENDED, &[&known, &today.year().to_string()])
    } else if today.year() == last && today.month().first_day() >= november(last) {
        Finding::warn("calendar", &CALENDAR_ENDS, &[&known, &next])
    } else {
        Finding::ok("calendar", &CALENDAR_OK, &[&known])
    }
}

fn november(year: i16) -> Date {
    Date::ymd(year, CALENDAR_EXPECTED_MONTH, 1).unwrap_or(Date::MAX)
}

pub(super) fn socket(path: &Path) -> Option<Finding> {
    let length = path.as_os_str().as_bytes().len();
    (length > SOCKET_PATH_BYTES_MAX).then(|| Finding::fail("socket", &SOCKET_LONG, &[&length.to_string()]))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::Level;
    use super::*;

    #[test]
    fn the_calendar_is_missed_from_november_on() {
        for (today, level) in [
            ("2026-10-31", Level::Ok),
            ("2026-11-01", Level::Warn),
            ("2026-12-31", Level::Warn),
            ("2027-01-01", Level::Warn),
            ("2025-12-31", Level::Ok),
        ] {
            assert_eq!(calendar(today.parse().unwrap()).level, level, "{today}");
        }
    }

    #[test]
    fn disk_and_clock_have_marks() {
        for (free, level) in
            [(0, Level::Fail), (511, Level::Fail), (512, Level::Warn), (1023, Level::Warn), (1024, Level::Ok)]
        {
            assert_eq!(free_disk(free, 512).level, level, "{free}");
        }
        for (now, level) in [("1970-01-01T00:00:00Z", Level::Fail), ("2026-09-14T09:00:00+08:00", Level::Ok)] {
            assert_eq!(clock(now.parse().unwrap()).level, level, "{now}");
        }
        assert_eq!(Timestamp::from_seconds(RELEASE_SECONDS).to_string(), "2026-01-01T00:00:00.000+08:00");
    }

    #[test]
    fn a_long_socket_is_found() {
        assert!(socket(Path::new("/srv/tongban.sock")).is_none());
        assert_eq!(socket(&Path::new("/").join("a".repeat(107))).unwrap().level, Level::Fail);
    }
}

//! `pg_trgm` beside: the same items, ranked by each of its likenesses, over the name alone and over everything that is searched.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use system_tests::postgres::{Cluster, Options, programs};
use system_tests::relevance::{DEPTH, Judged, means, ndcg};
use tongban_codes::division::DivisionCode;
use tongban_search::Entry;

/// Trigrams are of letters only, and what is a letter the locale says.
const OPTIONS: Options<'_> = Options { locale: "C.UTF-8", settings: &[] };

/// Means by kind of question.
type Means = BTreeMap<String, f64>;

/// Likenesses; `$1` is the question.
const LIKENESSES: [(&str, &str); 3] = [
    ("similarity", "similarity(T, $1)"),
    ("word_similarity", "word_similarity($1, T)"),
    ("strict_word_similarity", "strict_word_similarity($1, T)"),
];
/// What is compared with the question.
const TEXTS: [(&str, &str); 2] = [
    ("name", "name"),
    ("code, name, main item, department", "(code || ' ' || name || ' ' || main_item || ' ' || department)"),
];

/// nDCG@10 of each ranking, with the version; `None` where there is no PostgreSQL.
pub(crate) fn quality(
    questions: &[Judged],
    entries: &[Entry],
    directory: &Path,
) -> Result<Option<(String, BTreeMap<String, Means>)>> {
    let Some(programs) = programs() else { return Ok(None) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // PostgreSQL's user must get through.
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755))?;
    runtime.block_on(async {
        let cluster = Cluster::start(&programs, &directory.join("postgres"), &OPTIONS).await?;
        let client = cluster.connect().await?;
        let version = client.query_one("SHOW server_version", &[]).await?.get(0);
        client
            .batch_execute(
                "CREATE EXTENSION pg_trgm;
                 CREATE TABLE items (code text, name text, main_item text, department text);",
            )
            .await?;
        for entry in entries {
            let row: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
                [&entry.short_code, &entry.name, &entry.main_item, &entry.department];
            client.execute("INSERT INTO items VALUES ($1, $2, $3, $4)", &row).await?;
        }
        let alike: f32 = client.query_one("SELECT similarity('残疾人证', '残疾人证换领')", &[]).await?.get(0);
        ensure!(alike > 0.0, "this PostgreSQL has no trigrams of Chinese signs");
        let mut rankings = BTreeMap::new();
        for (likeness, ranking) in LIKENESSES {
            for (of, text) in TEXTS {
                let ranking = ranking.replace('T', text);
                let statement = client
                    .prepare(&format!("SELECT code FROM items ORDER BY {ranking} DESC, name LIMIT {DEPTH}"))
                    .await?;
                let mut scores = Vec::new();
                for judged in questions {
                    let rows = client.query(&statement, &[&judged.query]).await?;
                    let codes: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
                    scores.push((judged.kind.clone(), ndcg(judged, codes)));
                }
                rankings.insert(format!("{likeness} of {of}"), means(&scores));
            }
        }
        Ok(Some((version, rankings)))
    })
}

/// Of how many questions one is asked where each takes PostgreSQL long.
const EVERY: usize = 10;

/// How long PostgreSQL takes for the ten names that are most like a question, of the same items at each division, with an index of trigrams over
/// the names: the times of every tenth question, in order; `None` where there is no PostgreSQL.
pub(crate) fn speed(
    questions: &[Judged],
    entries: &[Entry],
    divisions: &[DivisionCode],
    directory: &Path,
) -> Result<Option<Vec<Duration>>> {
    let Some(programs) = programs() else { return Ok(None) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755))?;
    let divisions: Vec<i64> = divisions.iter().map(|one| Ok(one.number().try_into()?)).collect::<Result<_>>()?;
    runtime.block_on(async {
        let cluster = Cluster::start(&programs, &directory.join("postgres-speed"), &OPTIONS).await?;
        let client = cluster.connect().await?;
        client
            .batch_execute(
                "CREATE EXTENSION pg_trgm;
                 CREATE TABLE names (code text, name text);
                 CREATE TABLE items (division bigint, code text, name text);",
            )
            .await?;
        for entry in entries {
            client.execute("INSERT INTO names VALUES ($1, $2)", &[&entry.short_code, &entry.name]).await?;
        }
        client
            .execute("INSERT INTO items SELECT d, code, name FROM unnest($1::bigint[]) AS d, names", &[&divisions])
            .await?;
        client.batch_execute("CREATE INDEX ON items USING gin (name gin_trgm_ops); ANALYZE items;").await?;
        let statement = client
            .prepare("SELECT division, code FROM items WHERE name % $1 ORDER BY similarity(name, $1) DESC LIMIT 10")
            .await?;
        let mut took = Vec::new();
        for judged in questions.iter().step_by(EVERY) {
            let asked = Instant::now();
            client.query(&statement, &[&judged.query]).await?;
            took.push(asked.elapsed());
        }
        took.sort_unstable();
        Ok(Some(took))
    })
}

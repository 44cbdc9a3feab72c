//! The limits of the protocol. They are part of it: a peer that passes one is in the wrong.

/// The longest frame: an envelope with a large form fits, a hostile peer can't make a township allocate more.
pub const FRAME_BYTES_MAX: usize = 1 << 20;
/// The longest sealed envelope: a frame, less room for the frame's own head.
pub const ENVELOPE_BYTES_MAX: usize = FRAME_BYTES_MAX - 1024;
/// The longest sealed receipt: its detail is a small record, never a document.
pub const RECEIPT_BYTES_MAX: usize = 64 << 10;
/// The longest request; the longest is a join with its certificate request.
pub const REQUEST_BYTES_MAX: usize = 64 << 10;
/// The most bytes of a journal or blob in one response: big enough to fill a 100 Mbit/s line with a round trip of 80 ms.
pub const PULL_BYTES_MAX: usize = 4 << 20;
/// The longest response: a full slice, and room for its head.
pub const RESPONSE_BYTES_MAX: usize = PULL_BYTES_MAX + (64 << 10);
/// The longest text in a frame (names, addresses, explanations): a paragraph.
pub const TEXT_BYTES_MAX: usize = 1024;

/// How many seal keys an anchor record may name: one in use, one that follows it, and those of some years before.
pub const ANCHOR_KEYS_MAX: usize = 8;
/// How many records another tree may bring: a province has some 3,300 nodes and 10,000 authorities.
pub const FOREIGN_RECORDS_MAX: usize = 32_768;
/// How many bytes the records of another tree may have together: every node of this one keeps them.
pub const FOREIGN_RECORDS_BYTES_MAX: usize = 64 << 20;

/// How many envelopes of one flow may be on the way unanswered, and how far ahead a receiver reorders.
pub const WINDOW_ENVELOPES: usize = 256;
/// How many envelopes a link may have on the way over all its flows; a relay to 4,000 nodes has many.
pub const LINK_ENVELOPES_MAX: usize = 1024;
/// How many bytes of unanswered envelopes a link keeps in memory: a township has 2 GB for everything.
pub const LINK_BYTES_MAX: usize = 16 << 20;
/// How many envelopes of a link may wait for this node's commit; more are dropped, and come again.
pub const PENDING_ENVELOPES_MAX: usize = 1024;
/// How many bytes of early envelopes a node keeps per origin while it waits for the gap to close.
pub const EARLY_BYTES_MAX: usize = 8 << 20;
/// How many bytes of early envelopes a node keeps over all origins; what finds no room comes again.
pub const EARLY_BYTES_TOTAL_MAX: usize = 32 << 20;
/// How many flows a link serves at once; the country has 44,699 nodes.
pub const FLOWS_MAX: usize = 65_536;

/// How many frames a second a peer may send for long: twice what one node was measured to decide.
pub const FRAMES_PER_SECOND_MAX: u32 = 40_000;
/// How many frames a peer may send at once after a silence.
pub const FRAMES_BURST_MAX: u32 = 80_000;
/// How many requests a second a peer may make for long; each costs a read of storage.
pub const REQUESTS_PER_SECOND_MAX: u32 = 200;
/// How many requests a peer may make at once after a silence.
pub const REQUESTS_BURST_MAX: u32 = 400;
/// How many request streams of one peer may be open at once; further ones wait at the peer.
pub const STREAMS_PER_PEER_MAX: u16 = 64;
/// How many bytes of frames of one peer may be read and not be dealt with, the commits that they wait for included.
pub const UNSETTLED_BYTES_MAX: usize = 8 << 20;
/// How many bytes of frames may wait until a peer reads them, the directory's records aside; it has those anyway.
pub const UNREAD_BYTES_MAX: usize = 64 << 20;
/// How many bytes of slices may wait until a peer reads them: four of the longest; further pulls wait their turn.
pub const SLICES_BYTES_MAX: usize = 4 * RESPONSE_BYTES_MAX;
/// How many bytes of other answers may wait until a peer reads them; what finds no room is refused.
pub const ANSWERS_BYTES_MAX: usize = 8 << 20;
/// How many journals a peer may name on a link: two of each of the country's 44,699 nodes fit.
pub const JOURNALS_PER_PEER_MAX: usize = 100_000;
/// How many journals are pulled from one peer at once, so that one that stalls leaves room for the others.
pub const PULLS_PER_PEER_MAX: usize = 8;
/// How long a peer may take to answer a pull: eight slices of 2 MiB at once over a line of 1.2 Mbit/s.
pub const PULL_SECONDS_MAX: u64 = 120;
/// How many nodes may be linked whose record isn't known: whoever is above them may certify as many as it likes.
pub const UNRECORDED_PEERS_MAX: usize = 64;

/// How many bytes of a material go in one answer, and are kept together wherever it passes: a relay has them once, and never more of the file.
pub const MATERIAL_PART_BYTES: usize = 512 << 10;
/// How many parts of a material are asked for ahead: with a round trip of 80 ms enough for 100 Mbit/s.
pub const MATERIAL_PARTS_AHEAD: usize = 3;
/// How many materials a node fetches at once.
pub const MATERIALS_FETCHED_MAX: usize = 2;
/// How many bytes of parts of materials may wait until a peer reads them: those of two files; further ones wait their turn.
pub const MATERIALS_BYTES_MAX: usize = 6 * MATERIAL_PART_BYTES;
/// How long a part of a material may take, over all its links: three of 512 KiB over a line of 256 kbit/s.
pub const MATERIAL_PART_SECONDS_MAX: u64 = 60;

/// How many items one question about drift may name: their answer fits a response, whatever they say.
pub const DRIFT_ITEMS_MAX: usize = 64;
/// From how many bytes on an answer takes no further bucket of leaves: what is left is asked for again.
pub const DRIFT_LEAVES_BYTES: usize = 512 << 10;
/// How many leaves one bucket may have: the answer that holds it whole stays within a response.
pub const DRIFT_BUCKET_LEAVES_MAX: usize = 8_192;
/// From how many bytes on an answer takes no further whole item.
pub const DRIFT_ITEMS_BYTES: usize = 1 << 20;
/// How many leaves one comparison takes from a node: a hundred times those of the real district
pub const DRIFT_LEAVES_MAX: usize = 131_072;
/// From how many bytes on a comparison fetches no further whole item: the rest is told by its leaves
pub const DRIFT_FETCHED_BYTES_MAX: usize = 8 << 20;

/// How many links a question or an envelope may cross: five levels up and five down, less the shared top.
pub const HOPS_MAX: u8 = 8;
/// How many signed records one frame of gossip may carry.
pub const RECORDS_PER_FRAME_MAX: usize = 256;
/// How many journals a hello or nudge may name: two of each of a province's nodes don't fit, the rest follows by nudges.
pub const JOURNALS_PER_FRAME_MAX: usize = 1024;
/// How many high-water marks a hello may carry.
pub const HIGH_WATERS_MAX: usize = 64;
/// How many certificates a chain may have: the five levels of the tree and one to spare.
pub const CHAIN_CERTIFICATES_MAX: usize = 6;
/// How many addresses a node may announce.
pub const ADDRESSES_MAX: usize = 16;
/// How many authorities a node may serve; the fullest district of the real file has 34 departments.
pub const AUTHORITIES_PER_NODE_MAX: usize = 1024;

/// How long dialling and greeting may take.
pub const GREETING_SECONDS_MAX: i64 = 10;
/// After how long without a frame from the peer a ping is sent.
pub const PING_AFTER_SECONDS: i64 = 15;
/// After how long without a frame from the peer the link is taken for dead.
pub const SILENCE_SECONDS_MAX: i64 = 45;
/// After how long without traffic a link that isn't one of the tree's closes.
pub const IDLE_LINK_SECONDS: i64 = 300;
/// How long a link that drains waits for the commits of what it has been given.
pub const DRAIN_SECONDS_MAX: i64 = 10;

/// The first wait before a link is dialled again.
pub const DIAL_BACKOFF_SECONDS_MIN: i64 = 1;
/// The longest wait before a link is dialled again: a township that comes back in the morning is found within minutes.
pub const DIAL_BACKOFF_SECONDS_MAX: i64 = 300;
/// The first wait before an unanswered envelope is sent again.
pub const RESEND_SECONDS_MIN: i64 = 5;
/// The longest wait before an unanswered envelope is sent again.
pub const RESEND_SECONDS_MAX: i64 = 300;
/// The first wait before what a relay holds is offered to it again.
pub const REOFFER_SECONDS_MIN: i64 = 600;
/// The longest wait before what a relay holds is offered to it again.
pub const REOFFER_SECONDS_MAX: i64 = 21_600;

#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tessera/base/files.hpp>
#include <tessera/base/version.hpp>
#include <tessera/dataset/identity.hpp>
#include <tessera/dataset/schema.hpp>

namespace tessera::dataset {

/// Packets or flows by reason, e.g. {"not_ip": 3}.
using Counts = std::map<std::string, std::uint64_t>;

/// A capture of which something was read.
struct CaptureEntry {
    std::string path;  ///< display name, below the input folder
    std::uint64_t bytes = 0;
    std::uint64_t packets_read = 0;
    std::uint64_t packets_kept = 0;
    Counts packets_dropped;  ///< packets_read = packets_kept + its sum
    std::uint64_t flows = 0;
    std::optional<std::string> fault;  ///< where and why reading ended early
    Counts tunnels;           ///< packets by the tunnels around them, before flows were left out
    std::uint32_t part = 0;   ///< a large capture stands in the list once for each share of its ..
    std::uint32_t parts = 1;  ///< .. flows; what counts for the whole file stands in part 0
};

/// A capture that could not be read at all.
struct FailedCapture {
    std::string path;
    std::string reason;
};

/// A shard as the manifest lists it.
struct ShardEntry {
    std::string file;
    std::uint64_t bytes = 0;
    std::string checksum;  ///< XXH3-128 of the file
    ShardCounts counts;
    std::uint64_t first_capture = 0;  ///< index into Manifest::captures
    std::uint64_t captures = 0;
    std::map<std::string, std::uint64_t> columns;  ///< dataset: byte of the file; 0 when empty
};

/// What ShardWriter hands back.
struct ShardSummary {
    ShardEntry entry;
    std::array<std::uint64_t, flow_end_kinds> flow_ends{};      ///< index = flow::FlowEnd
    std::vector<std::map<std::int32_t, std::uint64_t>> labels;  ///< per set: class: flows
};

/// One work unit done: its shard and what became of its captures. Goes to rank 0 as text.
struct UnitReport {
    ShardSummary shard;
    std::vector<CaptureEntry> captures;  ///< in the order of /flow/capture
    std::vector<FailedCapture> failed;
};

std::string to_text(UnitReport const& report);
UnitReport unit_report_from(std::string_view text);

/// Classes by name, sorted; a label is an index into `classes`.
struct LabelSet {
    std::string name;
    std::vector<std::string> classes;
    std::vector<std::uint64_t> histogram;  ///< flows per class
    std::uint64_t unlabelled = 0;
};

struct FileEntry {
    std::string file;
    std::uint64_t bytes = 0;
    std::string checksum;
};

/// What a store is: the content of manifest.json.
struct Manifest {
    std::vector<CaptureEntry> captures;
    std::vector<FailedCapture> captures_failed;
    std::uint64_t packets_read = 0;
    std::uint64_t packets_kept = 0;
    Counts packets_dropped;
    Counts tunnels;
    ShardCounts counts;
    Counts flow_ends;
    std::vector<ShardEntry> shards;
    FileEntry index;
    TokenIdentity identity;
    std::vector<LabelSet> labels;
    std::string config;  ///< resolved settings, TOML
    base::BuildInfo build;
    std::string checksum;  ///< of manifest.json; empty until written or read
};

/// Captures of which something was read, each counted once.
std::size_t captures_read(Manifest const& manifest);

/// For each entry of `captures` the index of its capture's first part: one number a capture, in
/// however many parts it stands there. What belongs together (statistics by capture) goes by it.
std::vector<std::uint32_t> first_parts(Manifest const& manifest);

/// All units, in order, as one manifest: captures numbered through, sums taken. `labels` brings
/// names and classes.
Manifest assemble(std::vector<UnitReport> units, TokenIdentity identity,
                  std::vector<LabelSet> labels, std::string config);

/// Writes STORE/manifest.json: the act that makes the folder a store. Returns its checksum.
std::string publish_manifest(base::FileSystem& files, std::filesystem::path const& store,
                             Manifest const& manifest);

/// Whether a folder is a token store, be it damaged or of another version: its manifest begins like
/// one.
bool is_store(std::filesystem::path const& folder);

/// Reads and checks STORE/manifest.json; Error(bad_input) names file, place and reason.
Manifest read_manifest(std::filesystem::path const& store);

/// The object that `inspect STORE --json` and `preprocess --json` print (the latter with `seconds`
/// and `peak_memory_bytes` when given); fields as in the store's manifest, `captures` and
/// `captures_failed` as counts, the latter's list as `failures`.
struct RunCost {
    double seconds = 0;
    std::uint64_t peak_memory_bytes = 0;
};
std::string summary_json(Manifest const& manifest, std::optional<RunCost> cost = std::nullopt);

}  // namespace tessera::dataset

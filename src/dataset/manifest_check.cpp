#include "manifest_check.hpp"

#include <algorithm>
#include <limits>

#include <tessera/base/files.hpp>

namespace tessera::dataset {

namespace {

class Checker {
  public:
    Checker(std::string const& file, base::ExitCode code) : file_(file), code_(code) {}

    void require(bool holds, std::string const& place, std::string const& what) const {
        base::validate(holds, code_, "'{}': {} {}", file_, base::printable(place), what);
    }

    std::uint64_t sum(std::uint64_t a, std::uint64_t b, std::string const& place) const {
        std::uint64_t total = 0;
        require(!__builtin_add_overflow(a, b, &total), place, "is too large");
        return total;
    }

    std::uint64_t sum(Counts const& counts, std::string const& place) const {
        std::uint64_t total = 0;
        for (auto const& [reason, count] : counts) total = sum(total, count, place);
        return total;
    }

  private:
    std::string const& file_;
    base::ExitCode code_;
};

bool is_checksum(std::string const& text) {
    return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

void check_packets(Checker const& check, std::uint64_t read, std::uint64_t kept,
                   Counts const& dropped, std::string const& place) {
    check.require(read == check.sum(kept, check.sum(dropped, place), place), place,
                  "does not add up: packets_read is not packets_kept + packets_dropped");
}

void check_captures(Checker const& check, Manifest const& manifest) {
    std::uint64_t read = 0;
    std::uint64_t kept = 0;
    std::uint64_t flows = 0;
    Counts dropped;
    Counts tunnels;
    check.require(manifest.captures.size() < std::numeric_limits<std::uint32_t>::max(), "captures",
                  "are too many");
    for (auto const& capture : manifest.captures) {
        auto const place = "capture " + capture.path;
        check_packets(check, capture.packets_read, capture.packets_kept, capture.packets_dropped,
                      place);
        read = check.sum(read, capture.packets_read, place);
        kept = check.sum(kept, capture.packets_kept, place);
        flows = check.sum(flows, capture.flows, place);
        for (auto const& [reason, count] : capture.packets_dropped) {
            dropped[reason] = check.sum(dropped[reason], count, place);
        }
        for (auto const& [kind, count] : capture.tunnels) {
            tunnels[kind] = check.sum(tunnels[kind], count, place);
        }
    }
    check_packets(check, manifest.packets_read, manifest.packets_kept, manifest.packets_dropped,
                  "the total");
    check.require(read == manifest.packets_read && kept == manifest.packets_kept &&
                      dropped == manifest.packets_dropped,
                  "packets_read, packets_kept or packets_dropped", "is not the sum over captures");
    check.require(flows == manifest.counts.flows, "flows", "is not the sum over captures");
    check.require(tunnels == manifest.tunnels, "tunnels", "are not the sum over captures");
}

void check_column(Checker const& check, ShardEntry const& shard, std::string const& name,
                  std::uint64_t rows, std::uint64_t row_bytes) {
    auto const place = shard.file + " " + name;
    auto const found = shard.columns.find(name);
    check.require(found != shard.columns.end(), place, "is not listed");
    if (rows == 0) return;
    std::uint64_t bytes = 0;
    std::uint64_t end = 0;
    check.require(!__builtin_mul_overflow(rows, row_bytes, &bytes) &&
                      !__builtin_add_overflow(bytes, found->second, &end) && end <= shard.bytes,
                  place, "does not lie inside the file");
    check.require(found->second > 0 && found->second % 8 == 0, place,
                  "does not start at a multiple of 8");
}

void check_columns(Checker const& check, Manifest const& manifest, ShardEntry const& shard) {
    for (std::size_t i = 0; i < column_count; ++i) {
        auto const& column = spec(static_cast<Column>(i));
        auto const width = column.width == 0 ? 1 : column.width;
        check_column(check, shard, column.name, rows(column, shard.counts),
                     hdf5::size_of(column.type) * width);
    }
    for (auto const& set : manifest.labels) {
        check_column(check, shard, label_dataset(set.name), shard.counts.flows,
                     sizeof(std::int32_t));
    }
    check.require(shard.columns.size() == column_count + manifest.labels.size(), shard.file,
                  "lists columns that this format does not have");
}

// Each thing holds at least one of the next, or there is none of it at all.
void check_nesting(Checker const& check, ShardEntry const& shard) {
    auto const& counts = shard.counts;
    check.require(counts.flows <= counts.bursts && counts.bursts <= counts.packets, shard.file,
                  "has more flows than bursts, or more bursts than packets");
    check.require((counts.flows == 0) == (counts.packets == 0), shard.file,
                  "has packets in no flow");
    check.require(counts.flows == 0 || shard.captures > 0, shard.file, "has flows of no capture");
}

void check_shards(Checker const& check, Manifest const& manifest) {
    check.require(manifest.shards.size() <= max_shards, "shards", "are too many");
    ShardCounts total;
    std::uint64_t captures = 0;
    for (std::size_t i = 0; i < manifest.shards.size(); ++i) {
        auto const& shard = manifest.shards[i];
        check.require(shard.file == shard_file(i), shard.file, "is not called " + shard_file(i));
        check.require(is_checksum(shard.checksum), shard.file, "has no proper checksum");
        check_nesting(check, shard);
        check_columns(check, manifest, shard);
        check.require(shard.first_capture == captures, shard.file,
                      "does not go on at the next capture");
        captures = check.sum(captures, shard.captures, shard.file);
        total = {check.sum(total.flows, shard.counts.flows, "flows"),
                 check.sum(total.bursts, shard.counts.bursts, "bursts"),
                 check.sum(total.packets, shard.counts.packets, "packets"),
                 check.sum(total.tokens, shard.counts.tokens, "tokens")};
    }
    check.require(captures == manifest.captures.size(), "captures", "are not covered by shards");
    check.require(total == manifest.counts, "flows, bursts, packets_kept or tokens",
                  "is not the sum over shards");
    check.require(check.sum(manifest.flow_ends, "flow_ends") == total.flows, "flow_ends",
                  "do not add up to the flows");
}

void check_labels(Checker const& check, Manifest const& manifest) {
    check.require(manifest.labels.size() <= max_label_sets, "labels", "has too many sets");
    for (auto const& set : manifest.labels) {
        auto const place = "labels." + set.name;
        check.require(is_plain_name(set.name), place, "is not 1 to 64 of a-z 0-9 _ -");
        check.require(set.classes.size() <= max_classes, place, "has too many classes");
        check.require(
            std::is_sorted(set.classes.begin(), set.classes.end()) &&
                std::adjacent_find(set.classes.begin(), set.classes.end()) == set.classes.end(),
            place, "has classes that are not sorted, or twice the same");
        auto flows = set.unlabelled;
        for (std::size_t i = 0; i < set.classes.size(); ++i) {
            check.require(!set.classes[i].empty() && set.classes[i].size() <= max_name, place,
                          "has a class whose name is not 1 to 256 bytes");
            flows = check.sum(flows, set.histogram[i], place);
        }
        check.require(flows == manifest.counts.flows, place, "does not count each flow once");
    }
}

}  // namespace

void check_manifest(Manifest const& manifest, std::string const& file, base::ExitCode code) {
    Checker const check(file, code);
    check_captures(check, manifest);
    check_shards(check, manifest);
    check_labels(check, manifest);
    check.require(manifest.index.file == "index.h5" && is_checksum(manifest.index.checksum),
                  "index", "is not index.h5 with a checksum");
}

}  // namespace tessera::dataset

#include "check_shard.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace tessera::dataset {

namespace {

class ShardChecker {
  public:
    ShardChecker(ShardColumns const& columns, ShardEntry const& entry, Manifest const& manifest)
        : columns_(columns), entry_(entry), manifest_(manifest) {}

    std::vector<std::string> run() {
        // The relations between columns follow indices, so the indices must be right first.
        if (check_bounds()) {
            check_relations();
            check_flow_sums();
        }
        check_values();
        check_counts();
        return faults_;
    }

  private:
    template <class Wrong>
    void check_rows(std::string const& name, std::size_t rows, char const* what,
                    Wrong const& wrong) {
        for (std::size_t row = 0; row < rows; ++row) {
            if (!wrong(row)) continue;
            faults_.push_back(fmt::format("{}[{}] {}", name, row, what));
            return;
        }
    }

    // Begin at 0 and the right end were checked when the shard was mapped.
    bool check_bounds() {
        auto const never_falls = [&](Column column, std::span<std::uint64_t const> bounds) {
            check_rows(spec(column).name, bounds.size() - 1, "is above its successor",
                       [&](std::size_t row) { return bounds[row] > bounds[row + 1]; });
        };
        never_falls(Column::offsets, columns_.offsets);
        never_falls(Column::burst_packets, columns_.burst_packets);
        never_falls(Column::packet_offsets, columns_.packet_offsets);
        never_falls(Column::flow_bursts, columns_.flow_bursts);
        never_falls(Column::flow_packets, columns_.flow_packets);
        return faults_.empty();
    }

    void check_relations() {
        auto const& c = columns_;
        check_rows(
            "/offsets", c.offsets.size(), "is not where the burst's first packet begins",
            [&](std::size_t i) { return c.offsets[i] != c.packet_offsets[c.burst_packets[i]]; });
        check_rows(
            "/flow/packets", c.flow_packets.size(), "is not where the flow's first burst begins",
            [&](std::size_t i) { return c.flow_packets[i] != c.burst_packets[c.flow_bursts[i]]; });
        check_rows("/burst/direction", c.burst_direction.size(),
                   "is not the direction of its packets", [&](std::size_t i) {
                       auto const packets = c.packet_direction.subspan(
                           c.burst_packets[i], c.burst_packets[i + 1] - c.burst_packets[i]);
                       return packets.empty() ||
                              std::any_of(packets.begin(), packets.end(), [&](auto direction) {
                                  return direction != c.burst_direction[i];
                              });
                   });
    }

    void check_flow_sums() {
        auto const& c = columns_;
        check_rows("/flow/wire_bytes", c.flow_end.size(), "is not the sum over its packets",
                   [&](std::size_t i) {
                       std::uint64_t sum = 0;
                       for (auto p = c.flow_packets[i]; p < c.flow_packets[i + 1]; ++p) {
                           sum += c.packet_wire_length[p];
                       }
                       return sum != c.flow_wire_bytes[i];
                   });
        check_rows("/flow/first_ns", c.flow_end.size(), "is not the time of its earliest packet",
                   [&](std::size_t i) { return !has_extreme_times(i); });
    }

    bool has_extreme_times(std::size_t flow) const {
        auto const& c = columns_;
        auto const begin = c.flow_packets[flow];
        auto const times = c.packet_time.subspan(begin, c.flow_packets[flow + 1] - begin);
        if (times.empty()) return false;
        auto const [first, last] = std::minmax_element(times.begin(), times.end());
        return *first == c.flow_first[flow] && *last == c.flow_last[flow];
    }

    void check_values() {
        auto const& c = columns_;
        check_rows("/burst/direction", c.burst_direction.size(), "is neither 0 nor 1",
                   [&](std::size_t i) { return c.burst_direction[i] > 1; });
        check_rows("/packet/direction", c.packet_direction.size(), "is neither 0 nor 1",
                   [&](std::size_t i) { return c.packet_direction[i] > 1; });
        check_rows(
            "/flow/protocol", c.flow_protocol.size(), "is neither 6 nor 17",
            [&](std::size_t i) { return c.flow_protocol[i] != 6 && c.flow_protocol[i] != 17; });
        check_rows("/flow/end", c.flow_end.size(), "is no known end",
                   [&](std::size_t i) { return c.flow_end[i] >= flow_end_kinds; });
        check_rows("/flow/capture", c.flow_capture.size(), "is no capture of the shard",
                   [&](std::size_t i) { return c.flow_capture[i] >= entry_.captures; });
        for (std::size_t set = 0; set < c.labels.size(); ++set) {
            auto const classes = static_cast<std::int64_t>(manifest_.labels[set].classes.size());
            check_rows(label_dataset(manifest_.labels[set].name), c.labels[set].size(),
                       "is no class", [&](std::size_t i) {
                           return c.labels[set][i] < no_label || c.labels[set][i] >= classes;
                       });
        }
    }

    // The captures of a shard are its own, so their counts can be taken from it alone.
    void check_counts() {
        if (!faults_.empty()) return;
        std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> found;
        for (std::size_t i = 0; i < columns_.flow_capture.size(); ++i) {
            auto& [flows, packets] = found[columns_.flow_capture[i]];
            ++flows;
            packets += columns_.flow_packets[i + 1] - columns_.flow_packets[i];
        }
        for (std::uint64_t i = 0; i < entry_.captures; ++i) {
            auto const& capture = manifest_.captures[entry_.first_capture + i];
            if (found[i] != std::pair(capture.flows, capture.packets_kept)) {
                faults_.push_back(fmt::format(
                    "holds {} flows and {} packets of '{}', the manifest says {} and {}",
                    found[i].first, found[i].second, capture.path, capture.flows,
                    capture.packets_kept));
            }
        }
    }

    ShardColumns const& columns_;
    ShardEntry const& entry_;
    Manifest const& manifest_;
    std::vector<std::string> faults_;
};

}  // namespace

std::vector<std::string> faults_of(ShardColumns const& columns, ShardEntry const& entry,
                                   Manifest const& manifest) {
    return ShardChecker(columns, entry, manifest).run();
}

}  // namespace tessera::dataset

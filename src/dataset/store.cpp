#include <algorithm>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/dataset/store.hpp>

namespace tessera::dataset {

namespace {

using base::ExitCode;

std::uint64_t first_at(Level level, ShardCounts const& first) {
    return count_of(level, first);
}

}  // namespace

flow::FlowKey FlowView::key() const {
    return {std::min(initiator, responder), std::max(initiator, responder), protocol};
}

Store::Place Store::place(Level level, std::uint64_t index) const {
    auto const total = count_of(level, manifest_.counts);
    base::validate(index < total, ExitCode::failed, "row {} of the {} in store '{}' was asked for",
                   index, total, base::printable(path_.string()));
    auto const after = std::upper_bound(shards_.begin(), shards_.end(), index,
                                        [level](std::uint64_t wanted, Shard const& shard) {
                                            return wanted < first_at(level, shard.first);
                                        });
    auto const& shard = *std::prev(after);
    return {&shard, static_cast<std::size_t>(index - first_at(level, shard.first))};
}

void Store::fail_row(Shard const& shard, Column column, std::uint64_t row) const {
    auto const number = static_cast<std::size_t>(&shard - shards_.data());
    base::fail(ExitCode::bad_input,
               "'{}': {}[{}] is out of range; the shard is damaged, see `tessera verify`",
               base::printable((path_ / shard_file(number)).string()), spec(column).name, row);
}

// Begin and end of row `row` of a bounds column, inside the `end` things it points into.
Store::Range Store::range(Shard const& shard, Column column, std::span<std::uint64_t const> bounds,
                          std::size_t row, std::uint64_t end) const {
    Range const found{bounds[row], bounds[row + 1]};
    if (found.begin > found.end || found.end > end) fail_row(shard, column, row);
    return found;
}

FlowView Store::flow(std::uint64_t index) const {
    auto const [shard, row] = place(Level::flow, index);
    auto const& columns = shard->columns;
    auto const bursts = range(*shard, Column::flow_bursts, columns.flow_bursts, row,
                              columns.burst_direction.size());
    auto const packets = range(*shard, Column::flow_packets, columns.flow_packets, row,
                               columns.packet_direction.size());
    auto const begin = columns.offsets[bursts.begin];
    auto const end = columns.offsets[bursts.end];
    auto const tokens = columns.tokens.size();
    if (begin > end || end > tokens) fail_row(*shard, Column::offsets, bursts.begin);
    FlowView view;
    view.tokens = columns.tokens.subspan(begin, end - begin);
    view.first_burst = shard->first.bursts + bursts.begin;
    view.bursts = bursts.end - bursts.begin;
    view.first_packet = shard->first.packets + packets.begin;
    view.packets = packets.end - packets.begin;
    read_flow_row(*shard, row, view);
    return view;
}

void Store::read_flow_row(Shard const& shard, std::size_t row, FlowView& view) const {
    auto const& columns = shard.columns;
    if (columns.flow_capture[row] >= shard.captures) fail_row(shard, Column::flow_capture, row);
    auto const protocol = static_cast<packet::Protocol>(columns.flow_protocol[row]);
    if (protocol != packet::Protocol::tcp && protocol != packet::Protocol::udp) {
        fail_row(shard, Column::flow_protocol, row);
    }
    if (columns.flow_end[row] >= flow_end_kinds) fail_row(shard, Column::flow_end, row);
    view.capture = shard.first_capture + columns.flow_capture[row];
    view.protocol = protocol;
    view.initiator = {{columns.flow_initiator_address[row]}, columns.flow_initiator_port[row]};
    view.responder = {{columns.flow_responder_address[row]}, columns.flow_responder_port[row]};
    view.first = columns.flow_first[row];
    view.last = columns.flow_last[row];
    view.wire_bytes = columns.flow_wire_bytes[row];
    view.end = static_cast<flow::FlowEnd>(columns.flow_end[row]);
}

flow::Direction Store::direction(Shard const& shard, Column column,
                                 std::span<std::uint8_t const> directions, std::size_t row) const {
    if (directions[row] > 1) fail_row(shard, column, row);
    return static_cast<flow::Direction>(directions[row]);
}

BurstView Store::burst(std::uint64_t index) const {
    auto const [shard, row] = place(Level::burst, index);
    auto const& columns = shard->columns;
    auto const tokens = range(*shard, Column::offsets, columns.offsets, row, columns.tokens.size());
    auto const packets = range(*shard, Column::burst_packets, columns.burst_packets, row,
                               columns.packet_direction.size());
    auto const after =
        std::upper_bound(columns.flow_bursts.begin() + 1, columns.flow_bursts.end() - 1, row);
    BurstView view;
    view.tokens = columns.tokens.subspan(tokens.begin, tokens.end - tokens.begin);
    view.flow =
        shard->first.flows + static_cast<std::uint64_t>(after - columns.flow_bursts.begin()) - 1;
    view.first_packet = shard->first.packets + packets.begin;
    view.packets = packets.end - packets.begin;
    view.direction = direction(*shard, Column::burst_direction, columns.burst_direction, row);
    return view;
}

PacketView Store::packet(std::uint64_t index) const {
    auto const [shard, row] = place(Level::packet, index);
    auto const& columns = shard->columns;
    auto const tokens =
        range(*shard, Column::packet_offsets, columns.packet_offsets, row, columns.tokens.size());
    PacketView view;
    view.tokens = columns.tokens.subspan(tokens.begin, tokens.end - tokens.begin);
    view.time = columns.packet_time[row];
    view.wire_length = columns.packet_wire_length[row];
    view.payload_length = columns.packet_payload_length[row];
    view.direction = direction(*shard, Column::packet_direction, columns.packet_direction, row);
    view.tcp_flags = columns.packet_tcp_flags[row];
    return view;
}

std::optional<std::size_t> Store::label_set(std::string_view name) const {
    for (std::size_t i = 0; i < manifest_.labels.size(); ++i) {
        if (manifest_.labels[i].name == name) return i;
    }
    return std::nullopt;
}

std::int32_t Store::label(std::uint64_t flow, std::size_t set) const {
    auto const [shard, row] = place(Level::flow, flow);
    auto const label = shard->columns.labels.at(set)[row];
    auto const classes = manifest_.labels[set].classes.size();
    auto const known =
        label == no_label || (label >= 0 && static_cast<std::size_t>(label) < classes);
    base::validate(known, ExitCode::bad_input, "flow {} of '{}' has label {} of {} classes", flow,
                   base::printable(path_.string()), label, classes);
    return label;
}

std::size_t label_set_or_first(Store const& store, std::string const& name) {
    base::validate(!store.manifest().labels.empty(), base::ExitCode::usage,
                   "'{}' has no labels: preprocess it with --labels",
                   base::printable(store.path().string()));
    auto const found = name.empty() ? std::optional<std::size_t>(0) : store.label_set(name);
    base::validate(found.has_value(), base::ExitCode::usage, "'{}' has no label set '{}'",
                   base::printable(store.path().string()), base::printable(name));
    return *found;
}

}  // namespace tessera::dataset

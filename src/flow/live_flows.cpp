#include "live_flows.hpp"

#include <algorithm>
#include <limits>
#include <random>
#include <utility>

#include <tessera/base/error.hpp>

namespace tessera::flow {

namespace {

constexpr std::size_t max_kept = std::numeric_limits<std::uint16_t>::max();
constexpr std::int64_t least_memory = 1 << 20;

// A flow may hold this part of the cells, so that one flow neither empties the table nor, copied
// out for the sink, doubles its memory.
constexpr std::uint64_t flow_share = 8;

// What a cell costs in all: itself, its share of the index (a flow has a cell at least), and of the
// copy for the sink (packets and bytes may each once have taken the whole share of a flow).
constexpr std::uint64_t bytes_per_cell =
    CellPool::cell_size + FlowIndex::peak_bytes_per_flow + 2 * CellPool::cell_size / flow_share;

Timeout timeout(double seconds, char const* name) {
    base::validate(Timeout::valid(seconds), base::ExitCode::usage,
                   "flow.{} is {} s: give a number of seconds from 0 (never) on", name, seconds);
    return Timeout(seconds);
}

std::uint64_t packet_limit(std::int64_t max_packets) {
    base::validate(max_packets >= 0, base::ExitCode::usage,
                   "flow.max_flow_packets is {}: give a number from 0 (no limit) on", max_packets);
    return max_packets == 0 ? std::numeric_limits<std::uint64_t>::max()
                            : static_cast<std::uint64_t>(max_packets);
}

std::uint64_t cells(std::int64_t memory) {
    base::validate(memory >= least_memory, base::ExitCode::usage,
                   "a flow table of {} bytes is too small: {} (1 MiB) or more", memory,
                   least_memory);
    return static_cast<std::uint64_t>(memory) / bytes_per_cell;
}

std::uint64_t drawn_seed() {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
}

}  // namespace

LiveFlows::LiveFlows(FlowConfig const& config, FlowSink sink, Hash hash)
    : idle_timeout_(timeout(config.idle_timeout, "idle_timeout")),
      active_timeout_(timeout(config.active_timeout, "active_timeout")),
      max_packets_(packet_limit(config.max_packets)),
      seed_(config.hash_seed != 0 ? config.hash_seed : drawn_seed()),
      sink_(std::move(sink)),
      hash_(hash),
      store_(cells(config.memory)),
      max_flow_bytes_(std::min<std::uint64_t>(store_.most_bytes() / flow_share,
                                              std::numeric_limits<std::uint32_t>::max())) {}

void LiveFlows::add(packet::Packet const& packet, base::ByteSpan kept) {
    kept = kept.first(std::min(kept.size(), max_kept));
    advance_clock(packet.time);
    bool const from_low = in_order(packet.source, packet.destination);
    auto const key = from_low ? pack(packet.source, packet.destination, packet.protocol)
                              : pack(packet.destination, packet.source, packet.protocol);
    auto const hash = static_cast<std::uint32_t>(hash_(key, seed_));
    auto flow = find(key, hash);
    if (flow != no_cell) {
        if (auto const end = ends_before(store_[flow], packet, kept.size())) {
            close(std::exchange(flow, no_cell), *end);
        } else {
            store_.touch(flow);
        }
    }
    flow = make_room(flow, kept.size());
    if (flow == no_cell) flow = open(key, hash, from_low, packet.time);
    append(store_[flow], packet, from_low, kept);
    if (store_[flow].packets == shown_at_ && !store_[flow].shown) show(flow);
    if (due_) show_due();
}

void LiveFlows::advance(base::Nanoseconds time) {
    advance_clock(time);
    if (due_) show_due();
}

void LiveFlows::show_at(std::uint64_t packets, FlowSink sink, double within) {
    shown_at_ = packets;
    shown_ = std::move(sink);
    if (within > 0) due_.emplace(within);
}

void LiveFlows::finish() {
    while (store_.oldest() != no_cell) close(store_.oldest(), FlowEnd::capture_end);
    clock_.reset();
    if (due_) due_->clear();
}

FlowCounts LiveFlows::counts() const {
    auto counts = counts_;
    counts.peak_bytes = store_.bytes() + index_.peak_bytes() +
                        closed_.packets.capacity() * sizeof(FlowPacket) + closed_.bytes.capacity();
    return counts;
}

// Flows stand in order of last activity and the clock never goes back, so those that are due stand
// in front: each flow is looked at once when it leaves, each packet pays for one look.
void LiveFlows::advance_clock(base::Nanoseconds time) {
    clock_ = std::max(clock_.value_or(time), time);
    for (auto flow = store_.oldest();
         flow != no_cell && idle_timeout_.reached(store_[flow].last_clock, *clock_);
         flow = store_.oldest()) {
        close(flow, FlowEnd::idle_timeout);
    }
}

std::optional<FlowEnd> LiveFlows::ends_before(LiveFlow const& flow, packet::Packet const& packet,
                                              std::size_t kept) const {
    if (idle_timeout_.reached(flow.last_time, packet.time)) return FlowEnd::idle_timeout;
    if (active_timeout_.reached(flow.first_time, packet.time)) return FlowEnd::active_timeout;
    if (flow.packets >= max_packets_) return FlowEnd::packet_limit;
    if (flow.stored_bytes() + sizeof(FlowPacket) + kept > max_flow_bytes_) {
        return FlowEnd::memory_share;
    }
    return std::nullopt;
}

CellId LiveFlows::find(PackedKey const& key, std::uint32_t hash) {
    return index_.find(hash, [&](CellId cell) { return store_[cell].key == key; });
}

// Evicts what has been idle for longest until the packet fits; where that is the packet's own flow,
// it needs a new one (no_cell).
CellId LiveFlows::make_room(CellId flow, std::size_t kept) {
    while (!store_.has_room(flow, kept)) {
        auto const victim = store_.oldest();
        if (victim == flow) flow = no_cell;
        close(victim, FlowEnd::evicted);
    }
    return flow;
}

CellId LiveFlows::open(PackedKey const& key, std::uint32_t hash, bool from_low,
                       base::Nanoseconds time) {
    auto const flow = store_.open();
    auto& live = store_[flow];
    live.key = key;
    live.low_sent_first = from_low;
    live.first_time = live.last_time = time;
    live.hash = hash;
    index_.insert(hash, flow);
    if (due_) due_->add({key, hash, time, *clock_});
    return flow;
}

void LiveFlows::append(LiveFlow& flow, packet::Packet const& packet, bool from_low,
                       base::ByteSpan kept) {
    ++counts_.packets;
    counts_.out_of_order += packet.time < flow.last_time ? 1 : 0;
    flow.last_time = std::max(flow.last_time, packet.time);
    flow.last_clock = *clock_;
    bool const forward = from_low == flow.low_sent_first;
    store_.append(flow,
                  {.time = packet.time,
                   .wire_length = packet.wire_length,
                   .payload_length = packet.payload_length,
                   .bytes_begin = flow.bytes,
                   .bytes_size = static_cast<std::uint16_t>(kept.size()),
                   .direction = forward ? Direction::forward : Direction::backward,
                   .tcp_flags = packet.tcp_flags},
                  kept);
}

void LiveFlows::describe(LiveFlow const& live, FlowEnd end) {
    closed_.key = unpack(live.key);
    closed_.low_sent_first = live.low_sent_first;
    closed_.end = end;
    closed_.shown = live.shown;
}

// The flow that was noted, when it still runs and has not been shown; else no_cell.
CellId LiveFlows::waiting(DueFlow const& due) {
    auto const flow = find(due.key, due.hash);
    if (flow == no_cell) return no_cell;
    auto const& live = store_[flow];
    return live.first_time == due.first_time && !live.shown ? flow : no_cell;
}

void LiveFlows::show_due() {
    due_->take_due(*clock_, [this](DueFlow const& due) {
        if (auto const flow = waiting(due); flow != no_cell) show(flow);
    });
    due_->trim(index_.size(), [this](DueFlow const& due) { return waiting(due) != no_cell; });
}

void LiveFlows::show(CellId flow) {
    describe(store_[flow], FlowEnd::capture_end);
    store_[flow].shown = true;
    store_.copy(flow, closed_);
    shown_(closed_);
}

// The table is whole again before the sink is called: it may throw.
void LiveFlows::close(CellId flow, FlowEnd end) {
    auto const& live = store_[flow];
    describe(live, end);
    index_.erase(live.hash, flow);
    store_.take_out(flow, closed_);
    ++counts_.flows;
    ++counts_.by_end[static_cast<std::size_t>(end)];
    sink_(closed_);
}

}  // namespace tessera::flow

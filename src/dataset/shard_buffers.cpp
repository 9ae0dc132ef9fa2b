#include "shard_buffers.hpp"

#include <algorithm>
#include <utility>

#include <tessera/base/error.hpp>

namespace tessera::dataset {

namespace {

// A burst list that leaves packets out, or takes one twice, would shift every later offset.
void check_bursts(flow::Flow const& flow, std::span<burst::Burst const> bursts) {
    std::size_t next = 0;
    for (auto const& burst : bursts) {
        base::validate(burst.first_packet == next && burst.packets > 0, base::ExitCode::failed,
                       "bursts of a flow skip packets at packet {}", next);
        next += burst.packets;
    }
    base::validate(next == flow.packets.size() && next > 0, base::ExitCode::failed,
                   "bursts hold {} of a flow's {} packets", next, flow.packets.size());
}

}  // namespace

ShardBuffers::ShardBuffers(base::FileSystem& files, std::filesystem::path const& path,
                           token::Tokenizer const& tokenizer, std::size_t label_sets,
                           std::uint64_t memory,
                           std::shared_ptr<AddressAnonymiser const> anonymiser)
    : label_flows(label_sets),
      tokenizer_(tokenizer),
      anonymiser_(std::move(anonymiser)),
      token_file_(files, base::aside_of(path)),
      spool_(path.parent_path()),
      memory_(memory) {
    reserve_tokens(large_dataset);  // touched when used
    offsets_.values.push_back(0);
    burst_packets_.values.push_back(0);
    packet_offsets_.values.push_back(0);
    flow_bursts_.values.push_back(0);
    flow_packets_.values.push_back(0);
    for (std::size_t i = 0; i < label_sets; ++i) {
        labels_.push_back(std::make_unique<ColumnOf<std::int32_t>>());
    }
}

void ShardBuffers::add(flow::Flow const& flow, std::span<burst::Burst const> bursts,
                       std::uint32_t capture, std::span<std::int32_t const> labels) {
    check_bursts(flow, bursts);
    base::validate(labels.size() == labels_.size(), base::ExitCode::failed,
                   "{} labels for {} label sets", labels.size(), labels_.size());
    for (auto const& burst : bursts) add_burst(flow, burst);
    add_flow_row(flow, capture);
    add_labels(labels);
    if (tokens_.pending_bytes() >= tokens_due_) put_tokens();
    constexpr std::uint64_t packets_between_looks = 4096;
    if (counts_.packets - looked_at_ < packets_between_looks) return;
    looked_at_ = counts_.packets;
    if (pending_bytes() > memory_) put_by();
}

void ShardBuffers::expect(std::uint64_t packets) {
    constexpr std::uint64_t bytes_a_packet = 26;  // of the six columns
    auto const room = std::min(packets, memory_ / bytes_a_packet);
    packet_offsets_.values.reserve(room + 1);
    packet_direction_.values.reserve(room);
    packet_time_.values.reserve(room);
    packet_wire_length_.values.reserve(room);
    packet_payload_length_.values.reserve(room);
    packet_tcp_flags_.values.reserve(room);
}

void ShardBuffers::add_packet(flow::Flow const& flow, flow::FlowPacket const& packet) {
    auto const before = tokens_.values.size();
    tokenizer_.append(flow.bytes_of(packet), tokens_.values);
    counts_.tokens += tokens_.values.size() - before;
    ++counts_.packets;
    packet_offsets_.values.push_back(counts_.tokens);
    packet_direction_.values.push_back(static_cast<std::uint8_t>(packet.direction));
    packet_time_.values.push_back(packet.time);
    packet_wire_length_.values.push_back(packet.wire_length);
    packet_payload_length_.values.push_back(packet.payload_length);
    packet_tcp_flags_.values.push_back(packet.tcp_flags);
}

void ShardBuffers::add_burst(flow::Flow const& flow, burst::Burst const& burst) {
    auto const packets = std::span(flow.packets).subspan(burst.first_packet, burst.packets);
    for (auto const& packet : packets) add_packet(flow, packet);
    ++counts_.bursts;
    offsets_.values.push_back(counts_.tokens);
    burst_direction_.values.push_back(static_cast<std::uint8_t>(burst.direction));
    burst_packets_.values.push_back(counts_.packets);
}

void ShardBuffers::add_flow_row(flow::Flow const& flow, std::uint32_t capture) {
    auto const [first, last] =
        std::minmax_element(flow.packets.begin(), flow.packets.end(),
                            [](auto const& a, auto const& b) { return a.time < b.time; });
    std::uint64_t wire_bytes = 0;
    for (auto const& packet : flow.packets) wire_bytes += packet.wire_length;
    ++counts_.flows;
    ++flow_ends.at(static_cast<std::size_t>(flow.end));
    flow_bursts_.values.push_back(counts_.bursts);
    flow_packets_.values.push_back(counts_.packets);
    flow_capture_.values.push_back(capture);
    flow_protocol_.values.push_back(static_cast<std::uint8_t>(flow.key.protocol));
    flow_initiator_address_.values.push_back(shown(flow.initiator().address).bytes);
    flow_initiator_port_.values.push_back(flow.initiator().port);
    flow_responder_address_.values.push_back(shown(flow.responder().address).bytes);
    flow_responder_port_.values.push_back(flow.responder().port);
    flow_first_.values.push_back(first->time);
    flow_last_.values.push_back(last->time);
    flow_wire_bytes_.values.push_back(wire_bytes);
    flow_end_.values.push_back(static_cast<std::uint8_t>(flow.end));
}

void ShardBuffers::add_labels(std::span<std::int32_t const> labels) {
    for (std::size_t set = 0; set < labels.size(); ++set) {
        labels_[set]->values.push_back(labels[set]);
        ++label_flows[set][labels[set]];
    }
}

void ShardBuffers::reserve_tokens(std::size_t bytes) {
    constexpr std::size_t slack = std::size_t{1} << 20U;  // of the flow that fills it up
    std::vector<token::TokenId>().swap(tokens_.values);
    tokens_.values.reserve((bytes + slack) / sizeof(token::TokenId));
}

// Tokens are held until they are known to be a large dataset, then written where they stay, in
// pieces that leave the caches to others: a rank may fill many shards at once.
void ShardBuffers::put_tokens() {
    constexpr std::size_t piece = std::size_t{512} << 10U;
    token_file_.append(std::as_bytes(std::span(tokens_.values)));
    tokens_.values.clear();
    if (std::exchange(tokens_due_, piece) != piece) reserve_tokens(piece);
}

void ShardBuffers::finish() {
    if (token_file_.bytes() > 0) put_tokens();
    token_file_.hand_over();
}

// Of all columns but the tokens.
std::uint64_t ShardBuffers::pending_bytes() const {
    std::uint64_t bytes = 0;
    for (auto const* column : std::span(all_).subspan(1)) bytes += column->pending_bytes();
    for (auto const& column : labels_) bytes += column->pending_bytes();
    return bytes;
}

void ShardBuffers::put_by() {
    for (auto* column : std::span(all_).subspan(1)) column->put_by(spool_);
    for (auto const& column : labels_) column->put_by(spool_);
}

}  // namespace tessera::dataset

#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tessera/base/mapped_file.hpp>
#include <tessera/base/time.hpp>
#include <tessera/dataset/manifest.hpp>
#include <tessera/dataset/schema.hpp>
#include <tessera/flow/flow.hpp>
#include <tessera/packet/packet.hpp>
#include <tessera/token/tokenizer.hpp>

namespace tessera::dataset {

/// Columns of one shard in its mapped file; F, B, P, T as in ShardCounts.
struct ShardColumns {
    template <class T>
    using Values = std::span<T const>;
    using AddressBytes = std::array<std::uint8_t, 16>;

    Values<token::TokenId> tokens;                // [T]
    Values<std::uint64_t> offsets;                // [B+1] tokens
    Values<std::uint8_t> burst_direction;         // [B]
    Values<std::uint64_t> burst_packets;          // [B+1] packets
    Values<std::uint64_t> packet_offsets;         // [P+1] tokens
    Values<std::uint8_t> packet_direction;        // [P]
    Values<std::int64_t> packet_time;             // [P] ns
    Values<std::uint32_t> packet_wire_length;     // [P] bytes
    Values<std::uint32_t> packet_payload_length;  // [P] bytes
    Values<std::uint8_t> packet_tcp_flags;        // [P]
    Values<std::uint64_t> flow_bursts;            // [F+1] bursts
    Values<std::uint64_t> flow_packets;           // [F+1] packets
    Values<std::uint32_t> flow_capture;           // [F] capture of the shard
    Values<std::uint8_t> flow_protocol;           // [F]
    Values<AddressBytes> flow_initiator_address;  // [F]
    Values<std::uint16_t> flow_initiator_port;    // [F]
    Values<AddressBytes> flow_responder_address;  // [F]
    Values<std::uint16_t> flow_responder_port;    // [F]
    Values<std::int64_t> flow_first;              // [F] ns
    Values<std::int64_t> flow_last;               // [F] ns
    Values<std::uint64_t> flow_wire_bytes;        // [F]
    Values<std::uint8_t> flow_end;                // [F]
    std::vector<Values<std::int32_t>> labels;     // [set][F]
};

struct PacketView {
    std::span<token::TokenId const> tokens;
    base::Nanoseconds time = 0;
    std::uint32_t wire_length = 0;     ///< bytes
    std::uint32_t payload_length = 0;  ///< bytes
    flow::Direction direction = flow::Direction::forward;
    std::uint8_t tcp_flags = 0;
};

struct BurstView {
    std::span<token::TokenId const> tokens;  ///< of all its packets
    std::uint64_t flow = 0;                  ///< index in the store
    std::uint64_t first_packet = 0;          ///< index in the store
    std::uint64_t packets = 0;
    flow::Direction direction = flow::Direction::forward;
};

struct FlowView {
    std::span<token::TokenId const> tokens;  ///< of all its packets
    std::uint64_t first_burst = 0;           ///< index in the store
    std::uint64_t bursts = 0;
    std::uint64_t first_packet = 0;  ///< index in the store
    std::uint64_t packets = 0;
    std::uint64_t capture = 0;  ///< index into Manifest::captures
    packet::Protocol protocol = packet::Protocol::tcp;
    packet::Endpoint initiator;
    packet::Endpoint responder;
    base::Nanoseconds first = 0;
    base::Nanoseconds last = 0;
    std::uint64_t wire_bytes = 0;
    flow::FlowEnd end = flow::FlowEnd::capture_end;

    flow::FlowKey key() const;
};

/// How a store is checked on opening: `sizes` compares file sizes, `checksums` reads every byte,
/// `automatic` does the latter for stores under 1 GiB.
enum class StoreCheck { automatic, sizes, checksums };

/// A token store for reading: the shards are mapped, indices run over the whole store. Every view
/// is bounds-checked against the shard, so that a damaged store gives Error(bad_input) and no wild
/// read. All calls are const and may come from several threads.
class Store {
  public:
    std::filesystem::path const& path() const { return path_; }
    Manifest const& manifest() const { return manifest_; }

    std::uint64_t flows() const { return manifest_.counts.flows; }
    std::uint64_t bursts() const { return manifest_.counts.bursts; }
    std::uint64_t packets() const { return manifest_.counts.packets; }
    std::uint64_t tokens() const { return manifest_.counts.tokens; }

    FlowView flow(std::uint64_t index) const;
    BurstView burst(std::uint64_t index) const;
    PacketView packet(std::uint64_t index) const;

    /// Position of a label set in the manifest; none when there is no such set.
    std::optional<std::size_t> label_set(std::string_view name) const;

    /// Class of a flow in a set, or `no_label`.
    std::int32_t label(std::uint64_t flow, std::size_t set) const;

    std::size_t shards() const { return shards_.size(); }
    ShardColumns const& shard(std::size_t number) const { return shards_[number].columns; }

    /// Index in the store of the first flow, burst, .. of a shard.
    ShardCounts const& first_of(std::size_t shard) const { return shards_[shard].first; }

  private:
    friend Store open_store(std::filesystem::path const&, StoreCheck);

    struct Shard {
        base::MappedFile file;
        ShardColumns columns;
        ShardCounts first;
        std::uint64_t first_capture = 0;
        std::uint64_t captures = 0;
    };
    struct Place {
        Shard const* shard;
        std::size_t row;
    };
    struct Range {
        std::uint64_t begin;
        std::uint64_t end;
    };

    Place place(Level level, std::uint64_t index) const;
    Range range(Shard const& shard, Column column, std::span<std::uint64_t const> bounds,
                std::size_t row, std::uint64_t end) const;
    flow::Direction direction(Shard const& shard, Column column,
                              std::span<std::uint8_t const> directions, std::size_t row) const;
    void read_flow_row(Shard const& shard, std::size_t row, FlowView& view) const;
    [[noreturn]] void fail_row(Shard const& shard, Column column, std::uint64_t row) const;

    std::filesystem::path path_;
    Manifest manifest_;
    std::vector<Shard> shards_;
};

/// Position of the named label set, or the first one for an empty name. Error(usage) when there is
/// none.
std::size_t label_set_or_first(Store const& store, std::string const& name);

/// Error(bad_input) when it is no store, damaged, or of another version.
Store open_store(std::filesystem::path const& path, StoreCheck check = StoreCheck::automatic);

}  // namespace tessera::dataset

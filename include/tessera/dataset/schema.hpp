#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <tessera/flow/flow.hpp>
#include <tessera/hdf5/dataset.hpp>

namespace tessera::dataset {

/// The token store as datasets/FORMAT.md describes it; names, types and shapes in one table.
inline constexpr std::uint64_t format_version = 1;
inline constexpr std::string_view store_format = "tessera-token-store";
inline constexpr std::string_view shard_format = "tessera-token-shard";
inline constexpr std::string_view index_format = "tessera-token-index";
inline constexpr std::string_view split_format = "tessera-split";

inline constexpr std::size_t max_captures = 2'000'000;
inline constexpr std::size_t max_shards = 99'999;
inline constexpr std::size_t max_label_sets = 64;
inline constexpr std::size_t max_classes = 65'536;
inline constexpr std::size_t max_name = 256;  ///< bytes of a class name

inline constexpr std::uint32_t max_parts = 16;  ///< of one capture

inline constexpr std::int32_t no_label = -1;

inline constexpr std::size_t flow_end_kinds = static_cast<std::size_t>(flow::FlowEnd::count_);

/// What a row of a column stands for.
enum class Level : std::uint8_t { token, packet, burst, flow, capture };

enum class Column : std::uint8_t {
    tokens,
    offsets,
    burst_direction,
    burst_packets,
    packet_offsets,
    packet_direction,
    packet_time,
    packet_wire_length,
    packet_payload_length,
    packet_tcp_flags,
    flow_bursts,
    flow_packets,
    flow_capture,
    flow_protocol,
    flow_initiator_address,
    flow_initiator_port,
    flow_responder_address,
    flow_responder_port,
    flow_first,
    flow_last,
    flow_wire_bytes,
    flow_end,
    count_,
};

inline constexpr std::size_t column_count = static_cast<std::size_t>(Column::count_);

struct ColumnSpec {
    char const* name;  ///< dataset, e.g. "/burst/direction"
    hdf5::ElementType type;
    std::uint64_t width;        ///< 0: one value a row
    Level of;                   ///< one row for each of these ..
    bool bounds;                ///< .. and one more: row i .. i+1 bound a range
    std::optional<Level> into;  ///< values are indices of these
};

ColumnSpec const& spec(Column column);

/// "/labels/SET": int32, a row a flow.
std::string label_dataset(std::string const& set);

/// How many of each a shard or a store holds.
struct ShardCounts {
    std::uint64_t flows = 0;
    std::uint64_t bursts = 0;
    std::uint64_t packets = 0;
    std::uint64_t tokens = 0;

    ShardCounts& operator+=(ShardCounts const& other);
    bool operator==(ShardCounts const&) const = default;
};

std::uint64_t count_of(Level level, ShardCounts const& counts);

/// Rows of a column in a shard of that many flows, bursts, ..
std::uint64_t rows(ColumnSpec const& column, ShardCounts const& counts);

/// "shard-00042.h5"
std::string shard_file(std::size_t number);

/// 1 to 64 of a-z 0-9 _ - : names of label sets and splits, which become names of datasets and
/// files.
bool is_plain_name(std::string_view name);

}  // namespace tessera::dataset

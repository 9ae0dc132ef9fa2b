#include <algorithm>

#include <fmt/format.h>

#include <tessera/dataset/schema.hpp>

namespace tessera::dataset {

namespace {

using hdf5::ElementType;

constexpr auto none = std::nullopt;

// In the order of Column.
constexpr std::array<ColumnSpec, column_count> columns{{
    {"/tokens", ElementType::uint16, 0, Level::token, false, none},
    {"/offsets", ElementType::uint64, 0, Level::burst, true, Level::token},
    {"/burst/direction", ElementType::uint8, 0, Level::burst, false, none},
    {"/burst/packets", ElementType::uint64, 0, Level::burst, true, Level::packet},
    {"/packet/offsets", ElementType::uint64, 0, Level::packet, true, Level::token},
    {"/packet/direction", ElementType::uint8, 0, Level::packet, false, none},
    {"/packet/time_ns", ElementType::int64, 0, Level::packet, false, none},
    {"/packet/wire_length", ElementType::uint32, 0, Level::packet, false, none},
    {"/packet/payload_length", ElementType::uint32, 0, Level::packet, false, none},
    {"/packet/tcp_flags", ElementType::uint8, 0, Level::packet, false, none},
    {"/flow/bursts", ElementType::uint64, 0, Level::flow, true, Level::burst},
    {"/flow/packets", ElementType::uint64, 0, Level::flow, true, Level::packet},
    {"/flow/capture", ElementType::uint32, 0, Level::flow, false, Level::capture},
    {"/flow/protocol", ElementType::uint8, 0, Level::flow, false, none},
    {"/flow/initiator_address", ElementType::uint8, 16, Level::flow, false, none},
    {"/flow/initiator_port", ElementType::uint16, 0, Level::flow, false, none},
    {"/flow/responder_address", ElementType::uint8, 16, Level::flow, false, none},
    {"/flow/responder_port", ElementType::uint16, 0, Level::flow, false, none},
    {"/flow/first_ns", ElementType::int64, 0, Level::flow, false, none},
    {"/flow/last_ns", ElementType::int64, 0, Level::flow, false, none},
    {"/flow/wire_bytes", ElementType::uint64, 0, Level::flow, false, none},
    {"/flow/end", ElementType::uint8, 0, Level::flow, false, none},
}};

bool is_plain(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_' ||
           letter == '-';
}

}  // namespace

ColumnSpec const& spec(Column column) {
    return columns[static_cast<std::size_t>(column)];
}

std::string label_dataset(std::string const& set) {
    return "/labels/" + set;
}

ShardCounts& ShardCounts::operator+=(ShardCounts const& other) {
    flows += other.flows;
    bursts += other.bursts;
    packets += other.packets;
    tokens += other.tokens;
    return *this;
}

std::uint64_t count_of(Level level, ShardCounts const& counts) {
    switch (level) {
        case Level::token:
            return counts.tokens;
        case Level::packet:
            return counts.packets;
        case Level::burst:
            return counts.bursts;
        case Level::flow:
            return counts.flows;
        case Level::capture:
            break;  // captures are counted by the manifest, not by the shard
    }
    return 0;
}

std::uint64_t rows(ColumnSpec const& column, ShardCounts const& counts) {
    return count_of(column.of, counts) + (column.bounds ? 1 : 0);
}

std::string shard_file(std::size_t number) {
    return fmt::format("shard-{:05}.h5", number);
}

bool is_plain_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), is_plain);
}

}  // namespace tessera::dataset

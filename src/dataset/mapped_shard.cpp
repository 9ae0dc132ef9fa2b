#include "mapped_shard.hpp"

#include <tessera/base/error.hpp>

namespace tessera::dataset {

namespace {

using base::ExitCode;

// The manifest's check has made sure that places are multiples of 8 inside `entry.bytes`, and the
// caller that the file has that many bytes; the mapping starts at a page. HDF5 stores what the
// machine computes with: little-endian, as on every machine this runs on.
template <class T>
std::span<T const> values_at(base::MappedFile const& file, std::uint64_t place,
                             std::uint64_t rows) {
    static_assert(std::endian::native == std::endian::little);
    if (rows == 0) return {};
    auto const bytes = file.bytes().subspan(place, rows * sizeof(T));
    return {reinterpret_cast<T const*>(bytes.data()), rows};
}

class Reader {
  public:
    Reader(base::MappedFile const& file, ShardEntry const& entry) : file_(file), entry_(entry) {}

    template <class T>
    void read(Column column, std::span<T const>& values) const {
        auto const& description = spec(column);
        values = values_at<T>(file_, entry_.columns.at(description.name),
                              rows(description, entry_.counts));
    }

    std::span<std::int32_t const> labels(std::string const& set) const {
        return values_at<std::int32_t>(file_, entry_.columns.at(label_dataset(set)),
                                       entry_.counts.flows);
    }

  private:
    base::MappedFile const& file_;
    ShardEntry const& entry_;
};

void read_all(Reader const& reader, ShardColumns& columns) {
    reader.read(Column::tokens, columns.tokens);
    reader.read(Column::offsets, columns.offsets);
    reader.read(Column::burst_direction, columns.burst_direction);
    reader.read(Column::burst_packets, columns.burst_packets);
    reader.read(Column::packet_offsets, columns.packet_offsets);
    reader.read(Column::packet_direction, columns.packet_direction);
    reader.read(Column::packet_time, columns.packet_time);
    reader.read(Column::packet_wire_length, columns.packet_wire_length);
    reader.read(Column::packet_payload_length, columns.packet_payload_length);
    reader.read(Column::packet_tcp_flags, columns.packet_tcp_flags);
    reader.read(Column::flow_bursts, columns.flow_bursts);
    reader.read(Column::flow_packets, columns.flow_packets);
    reader.read(Column::flow_capture, columns.flow_capture);
    reader.read(Column::flow_protocol, columns.flow_protocol);
    reader.read(Column::flow_initiator_address, columns.flow_initiator_address);
    reader.read(Column::flow_initiator_port, columns.flow_initiator_port);
    reader.read(Column::flow_responder_address, columns.flow_responder_address);
    reader.read(Column::flow_responder_port, columns.flow_responder_port);
    reader.read(Column::flow_first, columns.flow_first);
    reader.read(Column::flow_last, columns.flow_last);
    reader.read(Column::flow_wire_bytes, columns.flow_wire_bytes);
    reader.read(Column::flow_end, columns.flow_end);
}

void check_bounds(std::span<std::uint64_t const> bounds, std::uint64_t end, Column column,
                  std::string const& shown) {
    base::validate(bounds.front() == 0 && bounds.back() == end, ExitCode::bad_input,
                   "'{}': {} runs from {} to {}, not from 0 to {}; the shard is damaged", shown,
                   spec(column).name, bounds.front(), bounds.back(), end);
}

}  // namespace

ShardColumns shard_columns(base::MappedFile const& file, ShardEntry const& entry,
                           std::vector<LabelSet> const& labels, std::string const& shown) {
    base::validate(file.bytes().size() == entry.bytes, ExitCode::bad_input,
                   "'{}' has {} bytes, the manifest says {}; it is damaged or of another store",
                   shown, file.bytes().size(), entry.bytes);
    Reader const reader(file, entry);
    ShardColumns columns;
    read_all(reader, columns);
    for (auto const& set : labels) columns.labels.push_back(reader.labels(set.name));
    auto const& counts = entry.counts;
    check_bounds(columns.offsets, counts.tokens, Column::offsets, shown);
    check_bounds(columns.burst_packets, counts.packets, Column::burst_packets, shown);
    check_bounds(columns.packet_offsets, counts.tokens, Column::packet_offsets, shown);
    check_bounds(columns.flow_bursts, counts.bursts, Column::flow_bursts, shown);
    check_bounds(columns.flow_packets, counts.packets, Column::flow_packets, shown);
    return columns;
}

}  // namespace tessera::dataset

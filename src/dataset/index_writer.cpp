#include "file_checksum.hpp"
#include "mapped_shard.hpp"

#include <algorithm>

#include <tessera/base/error.hpp>
#include <tessera/dataset/shard_writer.hpp>
#include <tessera/hdf5/dataset.hpp>
#include <tessera/hdf5/file.hpp>

// index.h5: plain columns by reference, columns of indices copied and moved to the whole store.
namespace tessera::dataset {

namespace {

namespace fs = std::filesystem;

std::vector<hdf5::VirtualPart> parts_of(Manifest const& manifest, ColumnSpec const& column) {
    std::vector<hdf5::VirtualPart> parts;
    for (auto const& shard : manifest.shards) {
        parts.push_back({shard.file, rows(column, shard.counts)});
    }
    return parts;
}

// Writes values + shift, a piece at a time.
template <class T>
void write_shifted(hdf5::Dataset& dataset, std::uint64_t row, std::span<T const> values,
                   std::uint64_t shift) {
    constexpr std::size_t piece = std::size_t{1} << 17U;
    std::vector<T> moved;
    for (std::size_t begin = 0; begin < values.size(); begin += piece) {
        auto const part = values.subspan(begin, std::min(piece, values.size() - begin));
        moved.resize(part.size());
        std::transform(part.begin(), part.end(), moved.begin(),
                       [shift](T value) { return static_cast<T>(value + shift); });
        dataset.write(row + begin, std::as_bytes(std::span(moved)));
    }
}

std::span<std::uint64_t const> bounds_of(ShardColumns const& columns, Column column) {
    switch (column) {
        case Column::offsets:
            return columns.offsets;
        case Column::burst_packets:
            return columns.burst_packets;
        case Column::packet_offsets:
            return columns.packet_offsets;
        case Column::flow_bursts:
            return columns.flow_bursts;
        case Column::flow_packets:
            return columns.flow_packets;
        default:
            return {};
    }
}

class IndexWriter {
  public:
    IndexWriter(fs::path const& path, fs::path store, Manifest const& manifest)
        : file_(hdf5::File::create(path)), store_(std::move(store)), manifest_(manifest) {}

    void write() {
        file_.write_attribute("format", index_format);
        file_.write_attribute("version", format_version);
        for (auto const* group : {"/burst", "/packet", "/flow"}) file_.create_group(group);
        for (std::size_t i = 0; i < column_count; ++i) write_column(static_cast<Column>(i));
        write_labels();
        file_.close();
    }

  private:
    void write_column(Column column) {
        auto const& description = spec(column);
        if (description.bounds) {
            write_bounds(column);
        } else if (column == Column::flow_capture) {
            write_captures();
        } else {
            hdf5::create_virtual(file_, description.name, description.type, description.width,
                                 parts_of(manifest_, description));
        }
    }

    // Each shard's own first 0 gives way to the last value of the shard before.
    void write_bounds(Column column) {
        auto const& description = spec(column);
        auto dataset = hdf5::Dataset::create(file_, description.name, description.type,
                                             {rows(description, manifest_.counts), 0});
        std::uint64_t const zero = 0;
        dataset.write(0, std::as_bytes(std::span(&zero, 1)));
        ShardCounts first;
        for (auto const& shard : manifest_.shards) {
            visit(shard, [&](ShardColumns const& columns) {
                write_shifted(dataset, 1 + count_of(description.of, first),
                              bounds_of(columns, column).subspan(1),
                              count_of(*description.into, first));
            });
            first += shard.counts;
        }
    }

    void write_captures() {
        auto const& description = spec(Column::flow_capture);
        auto dataset = hdf5::Dataset::create(file_, description.name, description.type,
                                             {manifest_.counts.flows, 0});
        std::uint64_t row = 0;
        for (auto const& shard : manifest_.shards) {
            visit(shard, [&](ShardColumns const& columns) {
                write_shifted(dataset, row, columns.flow_capture, shard.first_capture);
            });
            row += shard.counts.flows;
        }
    }

    void write_labels() {
        if (manifest_.labels.empty()) return;
        file_.create_group("/labels");
        for (auto const& set : manifest_.labels) {
            hdf5::create_virtual(file_, label_dataset(set.name), hdf5::ElementType::int32, 0,
                                 parts_of(manifest_, spec(Column::flow_protocol)));
        }
    }

    template <class Use>
    void visit(ShardEntry const& shard, Use const& use) {
        auto const path = store_ / shard.file;
        base::MappedFile const mapped(path);
        use(shard_columns(mapped, shard, manifest_.labels, base::printable(path.string())));
    }

    hdf5::File file_;
    fs::path store_;
    Manifest const& manifest_;
};

}  // namespace

FileEntry write_index(base::FileSystem& files, fs::path const& store, Manifest const& manifest) {
    FileEntry entry{"index.h5", 0, {}};
    base::publish(files, store / entry.file, [&](fs::path const& aside) {
        IndexWriter(aside, store, manifest).write();
        entry.bytes = fs::file_size(aside);
        entry.checksum = file_checksum(aside);
    });
    return entry;
}

}  // namespace tessera::dataset

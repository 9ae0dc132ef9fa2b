#include "file_checksum.hpp"
#include "mapped_shard.hpp"

#include <algorithm>
#include <vector>

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

/// A column that is copied, shard by shard.
struct Copied {
    Column column;
    hdf5::Dataset dataset;
};

class IndexWriter {
  public:
    IndexWriter(fs::path const& path, fs::path store, Manifest const& manifest)
        : file_(hdf5::File::create(path)), store_(std::move(store)), manifest_(manifest) {}

    void write() {
        file_.write_attribute("format", index_format);
        file_.write_attribute("version", format_version);
        for (auto const* group : {"/burst", "/packet", "/flow"}) file_.create_group(group);
        for (std::size_t i = 0; i < column_count; ++i) create(static_cast<Column>(i));
        write_labels();
        copy_shards();
        copied_.clear();  // a dataset lives no longer than its file
        file_.close();
    }

  private:
    void create(Column column) {
        auto const& description = spec(column);
        if (!description.bounds && column != Column::flow_capture) {
            hdf5::create_virtual(file_, description.name, description.type, description.width,
                                 parts_of(manifest_, description));
            return;
        }
        auto dataset = hdf5::Dataset::create(file_, description.name, description.type,
                                             {rows(description, manifest_.counts), 0});
        std::uint64_t const zero = 0;
        if (description.bounds) dataset.write(0, std::as_bytes(std::span(&zero, 1)));
        copied_.push_back({column, std::move(dataset)});
    }

    // Each shard is opened once, and memory does not grow with their number.
    void copy_shards() {
        ShardCounts before;
        for (auto const& shard : manifest_.shards) {
            auto const path = store_ / shard.file;
            base::MappedFile const mapped(path);
            auto const columns =
                shard_columns(mapped, shard, manifest_.labels, base::printable(path.string()));
            for (auto& copied : copied_) copy(copied, columns, shard, before);
            before += shard.counts;
        }
    }

    // Each shard's own first bound, 0, gives way to the last one of the shard before.
    void copy(Copied& copied, ShardColumns const& columns, ShardEntry const& shard,
              ShardCounts const& before) {
        if (copied.column == Column::flow_capture) {
            write_shifted(copied.dataset, before.flows, columns.flow_capture, shard.first_capture);
            return;
        }
        auto const& description = spec(copied.column);
        write_shifted(copied.dataset, 1 + count_of(description.of, before),
                      bounds_of(columns, copied.column).subspan(1),
                      count_of(*description.into, before));
    }

    void write_labels() {
        if (manifest_.labels.empty()) return;
        file_.create_group("/labels");
        for (auto const& set : manifest_.labels) {
            hdf5::create_virtual(file_, label_dataset(set.name), hdf5::ElementType::int32, 0,
                                 parts_of(manifest_, spec(Column::flow_protocol)));
        }
    }

    hdf5::File file_;
    fs::path store_;
    Manifest const& manifest_;
    std::vector<Copied> copied_;
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

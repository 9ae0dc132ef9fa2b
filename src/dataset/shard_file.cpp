#include "shard_file.hpp"

#include <tessera/base/error.hpp>

namespace tessera::dataset {

namespace {

// Data of 4 MiB or more starts at a multiple of 1 MiB (stripes of parallel file systems); smaller
// data at a multiple of 8, so that small shards stay small.
constexpr hdf5::Alignment small_alignment{1, 8};
constexpr hdf5::Alignment large_alignment{large_dataset, std::uint64_t{1} << 20U};

bool is_large(ShardDataset const& dataset) {
    return dataset.bytes() >= large_alignment.threshold;
}

void write_frame(hdf5::File& file, ShardSettings const& settings) {
    file.write_attribute("format", shard_format);
    file.write_attribute("version", format_version);
    file.write_attribute("shard", settings.number);
    file.write_attribute("tokenizer", settings.identity.tokenizer.name);
    file.write_attribute("masking", settings.identity.masking);
    file.write_attribute("settings", settings.identity.settings);
    for (auto const* group : {"/burst", "/packet", "/flow"}) file.create_group(group);
    if (!settings.label_sets.empty()) file.create_group("/labels");
}

// Lays the dataset over the tokens that stand in the file.
std::uint64_t lay_over_tokens(hdf5::File file, ShardDataset const& tokens) {
    auto const place =
        hdf5::Dataset::create(file, tokens.name, tokens.type, tokens.shape).file_offset();
    base::validate(place == tokens_place, base::ExitCode::failed,
                   "HDF5 lays the tokens of {} at byte {} instead of {}", file.shown(),
                   place.value_or(0), tokens_place);
    file.close();
    return tokens_place;
}

// Returns the byte of the file at which the elements start; 0 for none.
std::uint64_t write_dataset(hdf5::File& file, ShardDataset const& description,
                            ColumnBuffer const& column, Spool const& spool) {
    auto const& [name, type, shape] = description;
    auto dataset = hdf5::Dataset::create(file, name, type, shape);
    auto const row_bytes = hdf5::size_of(type) * shape.row_elements();
    std::uint64_t row = 0;
    column.for_each_piece(spool, [&](base::ByteSpan piece) {
        dataset.write(row, piece);
        row += piece.size() / row_bytes;
    });
    return dataset.file_offset().value_or(0);
}

}  // namespace

std::vector<ShardDataset> shard_datasets(ShardCounts const& counts,
                                         std::vector<std::string> const& label_sets) {
    std::vector<ShardDataset> datasets;
    for (std::size_t i = 0; i < column_count; ++i) {
        auto const& column = spec(static_cast<Column>(i));
        datasets.push_back({column.name, column.type, {rows(column, counts), column.width}});
    }
    for (auto const& set : label_sets) {
        datasets.push_back({label_dataset(set), hdf5::ElementType::int32, {counts.flows, 0}});
    }
    return datasets;
}

std::map<std::string, std::uint64_t> write_shard_file(std::filesystem::path const& path,
                                                      ShardSettings const& settings,
                                                      ShardBuffers const& buffers) {
    auto const datasets = shard_datasets(buffers.counts(), settings.label_sets);
    std::map<std::string, std::uint64_t> places;
    auto const write_those = [&](hdf5::File file, bool large) {
        for (std::size_t i = 0; i < datasets.size(); ++i) {
            if (is_large(datasets[i]) != large || places.contains(datasets[i].name)) continue;
            places[datasets[i].name] =
                write_dataset(file, datasets[i], buffers.column(i), buffers.spool());
        }
        file.close();
    };
    auto const kept = buffers.tokens_in_place() > 0 ? tokens_place + buffers.tokens_in_place() : 0;
    auto file = kept > 0 ? hdf5::File::create_around(path, kept, small_alignment)
                         : hdf5::File::create(path, small_alignment);
    write_frame(file, settings);
    if (kept > 0) {
        file.close();
        places[datasets[0].name] =
            lay_over_tokens(hdf5::File::extend(path, large_alignment, kept), datasets[0]);
        file = hdf5::File::extend(path, small_alignment);
    }
    write_those(std::move(file), false);
    write_those(hdf5::File::extend(path, large_alignment), true);
    return places;
}

}  // namespace tessera::dataset

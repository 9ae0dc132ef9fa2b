#include "file_checksum.hpp"
#include "mapped_shard.hpp"

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/dataset/store.hpp>

namespace tessera::dataset {

namespace {

constexpr std::uint64_t small_store = std::uint64_t{1} << 30U;  // bytes: read whole on opening

bool reads_all(StoreCheck check, Manifest const& manifest) {
    if (check != StoreCheck::automatic) return check == StoreCheck::checksums;
    std::uint64_t bytes = 0;
    for (auto const& shard : manifest.shards) {
        if (shard.bytes > small_store - bytes) return false;
        bytes += shard.bytes;
    }
    return true;
}

void check_checksum(std::filesystem::path const& path, ShardEntry const& entry) {
    auto const found = file_checksum(path);
    base::validate(
        found == entry.checksum, base::ExitCode::bad_input,
        "'{}' is damaged: its checksum is {}, the manifest says {}; make the store again",
        base::printable(path.string()), found, entry.checksum);
}

}  // namespace

Store open_store(std::filesystem::path const& path, StoreCheck check) {
    Store store;
    store.path_ = path;
    store.manifest_ = read_manifest(path);
    auto const& manifest = store.manifest_;
    auto const all = reads_all(check, manifest);
    ShardCounts first;
    for (auto const& entry : manifest.shards) {
        auto const file = path / entry.file;
        base::MappedFile mapped(file);
        auto columns =
            shard_columns(mapped, entry, manifest.labels, base::printable(file.string()));
        if (all) check_checksum(file, entry);
        store.shards_.push_back(
            {std::move(mapped), std::move(columns), first, entry.first_capture, entry.captures});
        first += entry.counts;
    }
    return store;
}

}  // namespace tessera::dataset

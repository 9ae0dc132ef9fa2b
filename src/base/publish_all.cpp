#include <system_error>

#include <tessera/base/publish_all.hpp>

namespace tessera::base {

namespace fs = std::filesystem;

void publish_all(FileSystem& files, std::span<fs::path const> paths) {
    if (paths.empty()) return;
    try {
        for (auto const& path : paths) files.sync_file(aside_of(path));
        for (auto const& path : paths) files.rename(aside_of(path), path);
    } catch (...) {
        std::error_code ignored;
        for (auto const& path : paths) fs::remove(aside_of(path), ignored);
        throw;
    }
    auto const folder = paths.front().parent_path();
    files.sync_folder(folder.empty() ? fs::path(".") : folder);
}

}  // namespace tessera::base

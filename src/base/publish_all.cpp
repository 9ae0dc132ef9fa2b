#include <system_error>
#include <vector>

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

void publish_all(FileSystem& files, std::map<fs::path, std::string> const& texts) {
    std::vector<fs::path> paths;
    for (auto const& [path, text] : texts) {
        auto file = files.create(aside_of(path));
        file->write(std::as_bytes(std::span(text)));
        file->close();
        paths.push_back(path);
    }
    publish_all(files, paths);
}

}  // namespace tessera::base

#include "synced_text.hpp"

#include <span>

#include <tessera/base/hash.hpp>

namespace tessera::checkpoint {

std::string checksum_of(std::string const& text) {
    return base::checksum(std::as_bytes(std::span(text)));
}

std::string write_synced(base::FileSystem& files, std::filesystem::path const& path,
                         std::string const& text) {
    auto const file = files.create(path);
    file->write(std::as_bytes(std::span(text)));
    file->sync();
    file->close();
    return checksum_of(text);
}

}  // namespace tessera::checkpoint

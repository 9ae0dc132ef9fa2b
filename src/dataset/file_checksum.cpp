#include "file_checksum.hpp"

#include <algorithm>

#include <tessera/base/hash.hpp>
#include <tessera/base/mapped_file.hpp>

namespace tessera::dataset {

std::string file_checksum(std::filesystem::path const& path) {
    constexpr std::size_t piece = std::size_t{8} << 20U;
    base::MappedFile const file(path);
    file.expect_sequential();
    base::Checksum sum;
    auto const bytes = file.bytes();
    for (std::size_t begin = 0; begin < bytes.size(); begin += piece) {
        auto const size = std::min(piece, bytes.size() - begin);
        file.fetch(begin, size);
        sum.add(bytes.subspan(begin, size));
        file.release(begin, begin + size);
    }
    return sum.hex();
}

}  // namespace tessera::dataset

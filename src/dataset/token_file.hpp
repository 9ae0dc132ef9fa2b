#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include <tessera/base/bytes.hpp>
#include <tessera/base/files.hpp>

namespace tessera::dataset {

/// Where the tokens of a large shard begin in its file: behind all that HDF5 writes before them.
inline constexpr std::uint64_t tokens_place = std::uint64_t{1} << 20U;

/// The front of a shard file in the making: tokens, written once and where they stay; HDF5 is laid
/// around them at the end. Made at first use, removed with the object unless handed over.
class TokenFile {
  public:
    TokenFile(base::FileSystem& files, std::filesystem::path path);
    ~TokenFile();
    TokenFile(TokenFile const&) = delete;
    TokenFile& operator=(TokenFile const&) = delete;

    void append(base::ByteSpan tokens);

    std::uint64_t bytes() const { return bytes_; }

    /// Closes the file and leaves it to the caller.
    void hand_over();

  private:
    base::FileSystem& files_;
    std::filesystem::path path_;
    std::unique_ptr<base::OutputFile> file_;
    std::uint64_t bytes_ = 0;
};

}  // namespace tessera::dataset

#include "open_source.hpp"

#include "file_source.hpp"
#include "gzip_stream.hpp"
#include "pipe_stream.hpp"
#include "stream_source.hpp"
#include "zstd_stream.hpp"

#include <limits>

namespace tessera::capture {

namespace {

std::unique_ptr<ByteSource> open_raw(std::filesystem::path const& path) {
    std::error_code unknown;
    auto const kind = std::filesystem::status(path, unknown).type();
    bool const pipe =
        kind == std::filesystem::file_type::fifo || kind == std::filesystem::file_type::character;
    if (path != "-" && !pipe) return std::make_unique<FileSource>(path);
    return std::make_unique<StreamSource>(std::make_unique<PipeStream>(path),
                                          std::numeric_limits<std::uint64_t>::max());
}

template <class Stream>
std::unique_ptr<ByteSource> unpacked(std::unique_ptr<ByteSource> source,
                                     CaptureLimits const& limits) {
    return std::make_unique<StreamSource>(std::make_unique<Stream>(std::move(source)),
                                          static_cast<std::uint64_t>(limits.decompressed));
}

}  // namespace

OpenedSource open_source(std::filesystem::path const& path, CaptureLimits const& limits) {
    auto source = open_raw(path);
    source->holds(4);
    if (GzipStream::begins(source->view())) {
        return {unpacked<GzipStream>(std::move(source), limits), " in gzip"};
    }
    if (ZstdStream::begins(source->view())) {
        return {unpacked<ZstdStream>(std::move(source), limits), " in zstd"};
    }
    return {std::move(source), ""};
}

}  // namespace tessera::capture

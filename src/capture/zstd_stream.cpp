#include "zstd_stream.hpp"

#include <fmt/format.h>
#include <zstd.h>

#include <tessera/base/error.hpp>

namespace tessera::capture {

struct ZstdStream::Decoder {
    ZSTD_DStream* state = ZSTD_createDStream();

    Decoder() {
        base::validate(state != nullptr, base::ExitCode::environment,
                       "cannot start zstd: out of memory");
    }
    ~Decoder() { ZSTD_freeDStream(state); }
    Decoder(Decoder const&) = delete;
    Decoder& operator=(Decoder const&) = delete;
};

ZstdStream::ZstdStream(std::unique_ptr<ByteSource> compressed)
    : compressed_(std::move(compressed)), decoder_(std::make_unique<Decoder>()) {}

ZstdStream::~ZstdStream() = default;

bool ZstdStream::begins(base::ByteSpan bytes) {
    return bytes.size() >= 4 && base::load_little_endian<std::uint32_t>(bytes, 0) == 0xfd2fb528U;
}

std::size_t ZstdStream::read(std::span<std::byte> into) {
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    while (failure().empty() && out.pos == 0) {
        bool const more = compressed_->holds(1);
        if (!more && !in_frame_) return 0;
        auto const input = compressed_->view();
        ZSTD_inBuffer in{input.data(), input.size(), 0};
        auto const left = ZSTD_decompressStream(decoder_->state, &out, &in);
        compressed_->skip(in.pos);
        in_frame_ = left != 0;
        if (ZSTD_isError(left) != 0) {
            fail(fmt::format("damaged zstd data at byte {}: {}", compressed_->offset(),
                             ZSTD_getErrorName(left)));
        } else if (!more && out.pos == 0) {
            fail("the zstd data end before their time");
        }
    }
    return out.pos;
}

}  // namespace tessera::capture

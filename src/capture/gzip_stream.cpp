#include "gzip_stream.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <zlib.h>

#include <tessera/base/error.hpp>

namespace tessera::capture {

namespace {

uInt at_most(std::size_t size) {
    return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

}  // namespace

struct GzipStream::Inflater {
    z_stream state{};

    Inflater() {
        constexpr int gzip_of_largest_window = 15 + 16;
        base::validate(inflateInit2(&state, gzip_of_largest_window) == Z_OK,
                       base::ExitCode::environment, "cannot start zlib: out of memory");
    }
    ~Inflater() { inflateEnd(&state); }
    Inflater(Inflater const&) = delete;
    Inflater& operator=(Inflater const&) = delete;
};

GzipStream::GzipStream(std::unique_ptr<ByteSource> compressed)
    : compressed_(std::move(compressed)), inflater_(std::make_unique<Inflater>()) {}

GzipStream::~GzipStream() = default;

bool GzipStream::begins(base::ByteSpan bytes) {
    return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

std::size_t GzipStream::read(std::span<std::byte> into) {
    while (failure().empty() && (in_member_ || next_member())) {
        if (!compressed_->holds(1)) return fail("the gzip data end before their time");
        auto const count = inflate(into);
        if (count > 0) return count;
    }
    return 0;
}

bool GzipStream::next_member() {
    if (!compressed_->holds(2)) return compressed_->holds(1) && fail("a byte after the gzip data");
    if (!begins(compressed_->view())) {
        return fail(fmt::format("what follows the gzip data at byte {} is no gzip member",
                                compressed_->offset()));
    }
    inflateReset(&inflater_->state);
    in_member_ = true;
    return true;
}

std::size_t GzipStream::inflate(std::span<std::byte> into) {
    auto& state = inflater_->state;
    auto const input = compressed_->view();
    // zlib's interface wants a pointer to bytes that it does not change.
    state.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(input.data()));
    state.avail_in = at_most(input.size());
    state.next_out = reinterpret_cast<Bytef*>(into.data());
    state.avail_out = at_most(into.size());
    auto const result = ::inflate(&state, Z_NO_FLUSH);
    auto const used = at_most(input.size()) - state.avail_in;
    auto const made = at_most(into.size()) - state.avail_out;
    compressed_->skip(used);
    in_member_ = result != Z_STREAM_END;
    if (result != Z_OK && result != Z_STREAM_END) {
        fail(fmt::format("damaged gzip data at byte {}: {}", compressed_->offset(),
                         state.msg != nullptr ? state.msg : "no progress"));
    }
    return made;
}

}  // namespace tessera::capture

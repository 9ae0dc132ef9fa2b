#include "server_name.hpp"

#include <algorithm>

namespace tessera::token {

namespace {

/// Goes forward over fields that carry their length.
class Fields {
  public:
    explicit Fields(base::ByteSpan bytes) : bytes_(bytes) {}

    std::size_t at() const { return at_; }
    bool holds(std::size_t count) const { return base::holds(bytes_.size(), at_, count); }

    /// A number of `Size` bytes, or 0 past the end.
    template <std::size_t Size>
    std::size_t number() {
        std::size_t value = 0;
        for (std::size_t i = 0; i < Size; ++i) {
            value = value << 8U | (holds(1) ? base::load_byte(bytes_, at_) : 0U);
            skip(1);
        }
        return value;
    }

    void skip(std::size_t count) { at_ = std::min(bytes_.size(), at_ + count); }

    template <std::size_t Size>
    void skip_vector() {
        skip(number<Size>());
    }

  private:
    base::ByteSpan bytes_;
    std::size_t at_ = 0;
};

// Past the record header, the handshake header and all before the extensions; false when the
// payload begins no ClientHello.
bool enter_extensions(Fields& fields) {
    constexpr std::size_t handshake = 22;
    constexpr std::size_t client_hello = 1;
    if (fields.number<1>() != handshake) return false;
    if (fields.number<1>() != 3) return false;  // the major version, ever since SSL 3
    fields.skip(3);                             // minor version, length of the record
    if (fields.number<1>() != client_hello) return false;
    fields.skip(3 + 2 + 32);  // length, version, random
    fields.skip_vector<1>();  // session id
    fields.skip_vector<2>();  // cipher suites
    fields.skip_vector<1>();  // compression methods
    fields.skip(2);           // length of the extensions
    return true;
}

}  // namespace

std::optional<ByteRange> server_name(base::ByteSpan payload) {
    Fields fields(payload);
    if (!enter_extensions(fields)) return std::nullopt;
    constexpr std::size_t extension_header = 4;
    while (fields.holds(extension_header)) {
        auto const type = fields.number<2>();
        auto const length = fields.number<2>();
        auto const end = std::min(payload.size(), fields.at() + length);
        if (type == 0) {
            fields.skip(2 + 1 + 2);  // length of the list, type of the name, length of the name
            return ByteRange{std::min(fields.at(), end), end};
        }
        fields.skip(length);
    }
    return std::nullopt;
}

}  // namespace tessera::token

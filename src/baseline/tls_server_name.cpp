#include <tessera/baseline/header_fields.hpp>

namespace tessera::baseline {

namespace {

/// Steps through bytes of hostile origin: a step past the end leaves it failed for good.
class Steps {
  public:
    explicit Steps(base::ByteSpan bytes) : bytes_(bytes) {}

    std::size_t number(std::size_t size) {
        if (!has(size)) return 0;
        std::size_t value = 0;
        for (std::size_t i = 0; i < size; ++i) value = value << 8U | base::load_byte(bytes_, at_++);
        return value;
    }
    void skip(std::size_t count) {
        if (has(count)) at_ += count;
    }
    std::optional<std::string> text(std::size_t size) {
        if (!has(size)) return std::nullopt;
        return std::string(reinterpret_cast<char const*>(bytes_.data() + at_), size);
    }
    bool is_good() const { return good_; }

  private:
    bool has(std::size_t count) { return good_ = good_ && base::holds(bytes_.size(), at_, count); }

    base::ByteSpan bytes_;
    std::size_t at_ = 0;
    bool good_ = true;
};

}  // namespace

// RFC 8446, 4.1.2: record header, handshake header, version, random, then four lists.
std::optional<std::string> tls_server_name(base::ByteSpan payload) {
    constexpr std::size_t handshake = 22;
    constexpr std::size_t client_hello = 1;
    Steps steps(payload);
    if (steps.number(1) != handshake) return std::nullopt;
    steps.skip(4);
    if (steps.number(1) != client_hello) return std::nullopt;
    steps.skip(3 + 2 + 32);
    steps.skip(steps.number(1));  // session id
    steps.skip(steps.number(2));  // cipher suites
    steps.skip(steps.number(1));  // compression
    steps.skip(2);
    while (steps.is_good()) {
        auto const type = steps.number(2);
        auto const size = steps.number(2);
        if (type != 0) {
            steps.skip(size);
            continue;
        }
        steps.skip(3);  // length of the list, type of the name
        auto const length = steps.number(2);
        return length == 0 ? std::nullopt : steps.text(length);
    }
    return std::nullopt;
}

}  // namespace tessera::baseline

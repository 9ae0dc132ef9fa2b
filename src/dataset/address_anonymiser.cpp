#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <span>

#include <fmt/format.h>
#include <openssl/evp.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/dataset/address_anonymiser.hpp>

namespace tessera::dataset {

namespace {

constexpr std::size_t block = 16;  // bytes of AES
constexpr std::size_t key_size = 2 * block;

using Block = std::array<std::uint8_t, block>;
using Key = std::array<std::uint8_t, key_size>;

Key key_of(std::filesystem::path const& file) {
    auto text = base::read_text(file);
    Key key{};
    if (text.size() == key_size) {
        std::memcpy(key.data(), text.data(), key_size);
        return key;
    }
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    bool good = text.size() == 2 * key_size;
    for (std::size_t i = 0; good && i < key_size; ++i) {
        auto const* const digits = text.data() + 2 * i;
        auto const [end, error] = std::from_chars(digits, digits + 2, key[i], 16);
        good = error == std::errc() && end == digits + 2;
    }
    base::validate(good, base::ExitCode::bad_input,
                   "'{}' is no key: give 32 bytes or 64 hex digits (openssl rand -hex 32)",
                   base::printable(file.string()));
    return key;
}

bool bit(std::span<std::uint8_t const> bytes, std::size_t at) {
    return (std::uint32_t{bytes[at / 8]} >> (7 - at % 8) & 1U) != 0;
}

void set_bit(std::span<std::uint8_t> bytes, std::size_t at, bool value) {
    auto const mask = static_cast<std::uint8_t>(0x80U >> at % 8);
    bytes[at / 8] = static_cast<std::uint8_t>(value ? bytes[at / 8] | mask : bytes[at / 8] & ~mask);
}

}  // namespace

/// AES-128, block by block, and the padding.
class AddressAnonymiser::Cipher {
  public:
    explicit Cipher(Key const& key) : context_(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free) {
        check(context_ != nullptr && EVP_EncryptInit_ex(context_.get(), EVP_aes_128_ecb(), nullptr,
                                                        key.data(), nullptr) == 1);
        EVP_CIPHER_CTX_set_padding(context_.get(), 0);
        std::copy_n(key.begin() + block, block, pad_.begin());
        encipher(std::span(&pad_, 1));
    }

    /// In place.
    void encipher(std::span<Block> blocks) {
        auto* const bytes = blocks.front().data();
        auto const size = static_cast<int>(blocks.size() * block);
        int done = 0;
        check(EVP_EncryptUpdate(context_.get(), bytes, &done, bytes, size) == 1 && done == size);
    }

    Block const& pad() const { return pad_; }

  private:
    static void check(bool good) {
        base::validate(good, base::ExitCode::environment, "libcrypto cannot encipher with AES-128");
    }

    std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> context_;
    Block pad_{};
};

AddressAnonymiser::AddressAnonymiser(std::filesystem::path const& key_file)
    : cipher_(std::make_unique<Cipher>(key_of(key_file))) {}

AddressAnonymiser::~AddressAnonymiser() = default;

// Bit i turns by the first bit of the enciphered first i bits, filled up with padding. What is
// enciphered depends on the address alone, so all its blocks go at once.
packet::Address AddressAnonymiser::operator()(packet::Address const& address) const {
    std::size_t const first = address.is_ipv4() ? 12 : 0;
    auto result = address;
    auto const bytes = std::span(result.bytes).subspan(first);
    std::array<Block, 128> blocks;
    auto const bits = bytes.size() * 8;
    auto input = cipher_->pad();
    for (std::size_t i = 0; i < bits; ++i) {
        blocks[i] = input;
        set_bit(input, i, bit(bytes, i));
    }
    cipher_->encipher(std::span(blocks).first(bits));
    for (std::size_t i = 0; i < bits; ++i) {
        set_bit(bytes, i, bit(bytes, i) != bit(blocks[i], 0));
    }
    return result;
}

std::string AddressAnonymiser::fingerprint() const {
    Block zeros{};
    cipher_->encipher(std::span(&zeros, 1));
    std::string text;
    for (auto const byte : zeros) text += fmt::format("{:02x}", byte);
    return text;
}

}  // namespace tessera::dataset

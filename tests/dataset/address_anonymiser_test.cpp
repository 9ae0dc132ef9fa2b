// Against the addresses of the original Crypto-PAn distribution's sample trace and those of
// yacryptopan's documentation for IPv6, both under the same key.
#include <fstream>
#include <random>

#include <gtest/gtest.h>
#include <packet_builder.hpp>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/dataset/address_anonymiser.hpp>

namespace tessera::dataset {
namespace {

constexpr char const* hex_key =
    "1522178d33a4cf80130a5b1649907d10"
    "d8988f837979652762574c2d2a842202";

class AddressAnonymiserTest : public testing::Test {
  protected:
    std::filesystem::path written(std::string const& text) {
        auto const path = scratch_ / "key";
        std::ofstream(path, std::ios::binary) << text;
        return path;
    }

    test::Scratch scratch_;
};

TEST_F(AddressAnonymiserTest, GivesThePublishedAddresses) {
    AddressAnonymiser const anonymise(written(std::string(hex_key) + "\n"));
    std::pair<char const*, char const*> const known[] = {
        {"128.11.68.132", "135.242.180.132"},
        {"129.118.74.4", "134.136.186.123"},
        {"130.132.252.244", "133.68.164.234"},
        {"141.223.7.43", "141.167.8.160"},
        {"141.233.145.108", "141.129.237.235"},
        {"152.163.225.39", "151.140.114.167"},
        {"156.29.3.236", "147.225.12.42"},
        {"192.41.57.43", "252.222.221.184"},
        {"::1", "78ff:f001:9fc0:20df:8380:b1f1:704:ed"},
        {"2001:db8::1", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e"},
    };
    for (auto const& [address, expected] : known) {
        EXPECT_EQ(to_text(anonymise(test::address(address))), expected) << address;
    }
}

std::uint32_t bit(packet::Address const& address, std::size_t index) {
    return std::uint32_t{address.bytes[index / 8]} >> (7 - index % 8) & 1U;
}

std::size_t common_bits(packet::Address const& a, packet::Address const& b) {
    std::size_t bits = 0;
    while (bits < 128 && bit(a, bits) == bit(b, bits)) {
        ++bits;
    }
    return bits;
}

TEST_F(AddressAnonymiserTest, KeepsPrefixesAndNoMore) {
    AddressAnonymiser const anonymise(written(hex_key));
    std::mt19937 random(1);
    for (int i = 0; i < 200; ++i) {
        auto a = test::address(i % 2 == 0 ? "10.0.0.0" : "2001:db8::");
        for (std::size_t at = 12; at < 16; ++at) a.bytes[at] = static_cast<std::uint8_t>(random());
        auto b = a;
        auto const turned = (i % 2 == 0 ? 96U : 0U) + random() % (i % 2 == 0 ? 32 : 128);
        b.bytes[turned / 8] ^= static_cast<std::uint8_t>(0x80U >> turned % 8);
        if (a.is_ipv4() != b.is_ipv4()) continue;
        EXPECT_EQ(common_bits(anonymise(a), anonymise(b)), common_bits(a, b));
        EXPECT_EQ(anonymise(a).is_ipv4(), a.is_ipv4());
    }
}

TEST_F(AddressAnonymiserTest, BytesAndDigitsAreOneKey) {
    std::string bytes;
    std::string const digits = hex_key;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    }
    auto const from_digits = AddressAnonymiser(written(digits)).fingerprint();
    EXPECT_EQ(AddressAnonymiser(written(bytes)).fingerprint(), from_digits);
    bytes[0] ^= 1;
    EXPECT_NE(AddressAnonymiser(written(bytes)).fingerprint(), from_digits);
}

TEST_F(AddressAnonymiserTest, RefusesWhatIsNoKey) {
    for (std::string const text : {"", "secret", "zz", "0123"}) {
        EXPECT_THROW(AddressAnonymiser{written(text)}, base::Error) << text;
    }
    EXPECT_THROW(AddressAnonymiser{written(std::string(64, 'x'))}, base::Error);
    EXPECT_THROW(AddressAnonymiser{scratch_ / "absent"}, base::Error);
}

}  // namespace
}  // namespace tessera::dataset

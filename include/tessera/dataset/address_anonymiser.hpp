#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <tessera/packet/packet.hpp>

namespace tessera::dataset {

/// Crypto-PAn (Xu, Fan, Ammar, Moon, "Prefix-preserving IP address anonymization", ICNP 2002) over
/// AES-128: two addresses whose first n bits are equal get new addresses whose first n bits are,
/// and no more. IPv4 addresses as in the paper, in their mapped form; IPv6 ones the same way over
/// 128 bits. Equal keys give equal addresses; whoever has the key can undo it.
class AddressAnonymiser {
  public:
    /// The file holds 32 bytes, or 64 hex digits and perhaps an end of line: the cipher's key, then
    /// the secret that the padding is made of. Error(bad_input) otherwise.
    explicit AddressAnonymiser(std::filesystem::path const& key_file);
    ~AddressAnonymiser();
    AddressAnonymiser(AddressAnonymiser const&) = delete;
    AddressAnonymiser& operator=(AddressAnonymiser const&) = delete;

    packet::Address operator()(packet::Address const& address) const;

    /// Tells keys apart without saying what they are: a block of zeros, enciphered; 32 hex digits.
    std::string fingerprint() const;

  private:
    class Cipher;
    std::unique_ptr<Cipher> cipher_;
};

}  // namespace tessera::dataset

#include <fmt/format.h>

#include <tessera/base/hash.hpp>
#include <tessera/dataset/identity.hpp>
#include <tessera/token/masking.hpp>

namespace tessera::dataset {

TokenIdentity token_identity(token::TokenConfig const& config) {
    auto const profile = token::masking_profile(config.masking);
    TokenIdentity identity{token::tokenizer_identity(config.tokenizer), profile.name, {}, {}};
    for (auto const field : profile.hidden) identity.hidden.emplace_back(token::name(field));
    auto const text = fmt::format(
        "tokenizer {}\nmasking {}\nhidden {}\nstart {}\nbytes {}\n", identity.tokenizer.hash,
        identity.masking, fmt::join(identity.hidden, " "), config.start, config.bytes_per_packet);
    identity.settings = base::checksum(std::as_bytes(std::span(text)));
    return identity;
}

}  // namespace tessera::dataset

#include <tessera/dataset/identity.hpp>
#include <tessera/token/token_config.hpp>

namespace tessera::dataset {

TokenIdentity token_identity(token::TokenConfig const& config) {
    auto const profile = token::masking_of(config);
    TokenIdentity identity{.tokenizer = token::tokenizer_identity(config),
                           .masking = token::masking_title(config),
                           .profile = profile.name,
                           .hidden = {},
                           .values = config.mask_values,
                           .seed = config.mask_seed,
                           .checksums = config.checksums,
                           .tunnels = config.tunnels,
                           .settings = token::token_settings_hash(config)};
    for (auto const field : profile.hidden) identity.hidden.emplace_back(token::name(field));
    return identity;
}

}  // namespace tessera::dataset

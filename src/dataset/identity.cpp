#include <tessera/dataset/identity.hpp>
#include <tessera/token/masking.hpp>

namespace tessera::dataset {

TokenIdentity token_identity(token::TokenConfig const& config) {
    auto const profile = token::masking_profile(config.masking);
    TokenIdentity identity{
        token::tokenizer_identity(config), profile.name, {}, token::token_settings_hash(config)};
    for (auto const field : profile.hidden) identity.hidden.emplace_back(token::name(field));
    return identity;
}

}  // namespace tessera::dataset

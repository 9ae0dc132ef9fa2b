#include "buckets.hpp"

namespace tessera::parallel {

namespace {

constexpr std::int64_t float_bytes = 4;

Bucket whole(FlatParameters const& parameters) {
    Bucket all{0, parameters.trainable(), {}};
    for (std::size_t i = 0; i < parameters.entries().size(); ++i) {
        if (parameters.entries()[i].trainable) all.entries.push_back(i);
    }
    return all;
}

}  // namespace

std::vector<Bucket> cut_buckets(FlatParameters const& parameters, std::int64_t bytes) {
    if (bytes == 0) return {whole(parameters)};
    auto const& entries = parameters.entries();
    std::vector<Bucket> buckets;
    Bucket small{parameters.decayed(), parameters.trainable(), {}};
    Bucket open{parameters.decayed(), parameters.decayed(), {}};
    for (auto i = entries.size(); i-- > 0;) {
        if (!entries[i].trainable) continue;
        auto& bucket = entries[i].decays ? open : small;
        bucket.entries.push_back(i);
        if (!entries[i].decays) continue;
        open.begin = entries[i].offset;
        if ((open.end - open.begin) * float_bytes < bytes && open.begin > 0) continue;
        buckets.push_back(open);
        open = {open.begin, open.begin, {}};
    }
    if (!small.entries.empty()) buckets.push_back(std::move(small));
    return buckets;
}

}  // namespace tessera::parallel

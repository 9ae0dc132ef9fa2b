#include <algorithm>
#include <numeric>

#include <tessera/base/error.hpp>
#include <tessera/base/random.hpp>
#include <tessera/loader/pretrain_source.hpp>

namespace tessera::loader {
namespace {

/// Bursts of like length from which a partner is drawn, on each side.
constexpr std::uint64_t partner_window = 512;

}  // namespace

PretrainSource::PretrainSource(BurstSet const& bursts, batch::PretrainDataConfig const& config,
                               std::uint64_t seed, Order order)
    : bursts_(bursts), config_(config), seed_(seed), order_(order) {
    check(config);
    auto const least = static_cast<std::size_t>(config.min_burst_tokens);
    std::vector<std::size_t> halves;
    for (std::uint64_t burst = 0; burst < bursts.size(); ++burst) {
        if (bursts.tokens(burst).size() < least) continue;
        eligible_.push_back(burst);
        halves.push_back(capped_half(burst));
    }
    base::validate(eligible_.size() >= 2, base::ExitCode::bad_input,
                   "only {} of {} bursts hold {} tokens or more, too few to pair: preprocess more "
                   "captures or lower data.min_burst_tokens",
                   eligible_.size(), bursts.size(), least);
    by_length_.resize(eligible_.size());
    std::iota(by_length_.begin(), by_length_.end(), std::uint64_t{0});
    std::stable_sort(by_length_.begin(), by_length_.end(),
                     [&](std::uint64_t a, std::uint64_t b) { return halves[a] < halves[b]; });
    rank_.resize(eligible_.size());
    for (std::uint64_t rank = 0; rank < by_length_.size(); ++rank) rank_[by_length_[rank]] = rank;
}

std::size_t PretrainSource::capped_half(std::uint64_t burst) const {
    return std::min(batch::half_size(bursts_.tokens(burst).size()),
                    static_cast<std::size_t>(batch::longest_half(config_)));
}

/// Another burst, of like length: so little is cut off, and long headers do not pair with short
/// ones only where the origin differs.
std::uint64_t PretrainSource::partner_of(std::uint64_t sample, base::RandomStream& random) const {
    auto const rank = rank_[sample];
    auto const begin = rank < partner_window ? 0 : rank - partner_window;
    auto const end = std::min<std::uint64_t>(rank + partner_window + 1, samples());
    auto const drawn = begin + random.below(end - begin - 1);
    return by_length_[drawn < rank ? drawn : drawn + 1];
}

batch::PretrainSample PretrainSource::sample_at(std::uint64_t position) const {
    auto const place = place_at(position, samples(), seed_, order_);
    auto pairing = base::RandomStream(seed_, base::Purpose::pairing, place.epoch, place.sample);
    auto masking = base::RandomStream(seed_, base::Purpose::masking, place.epoch, place.sample);
    auto const partner = partner_of(place.sample, pairing);
    auto sample =
        batch::make_pretrain_sample(bursts_.tokens(eligible_[place.sample]),
                                    bursts_.tokens(eligible_[partner]), config_, pairing, masking);
    sample.key = position;
    sample.sample = place.sample;
    return sample;
}

batch::PretrainBatch PretrainSource::batch(std::uint64_t first, std::int64_t count) const {
    std::vector<batch::PretrainSample> samples;
    for (std::int64_t i = 0; i < count; ++i) {
        samples.push_back(sample_at(first + static_cast<std::uint64_t>(i)));
    }
    return batch::collate(samples, config_);
}

double PretrainSource::fill(std::int64_t samples) const {
    auto const count = std::min<std::int64_t>(samples, static_cast<std::int64_t>(this->samples()));
    std::size_t ids = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        ids += sample_at(static_cast<std::uint64_t>(i)).ids.size();
    }
    return static_cast<double>(ids) / static_cast<double>(count * config_.sequence_length);
}

}  // namespace tessera::loader

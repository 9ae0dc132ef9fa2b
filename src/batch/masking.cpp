#include "bigram.hpp"

#include <algorithm>
#include <cmath>

#include <tessera/batch/masking.hpp>

namespace tessera::batch {
namespace {

constexpr double stop_probability = 0.2;

std::vector<std::size_t> bigram_places(std::span<std::int64_t const> ids) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (is_bigram(ids[i])) places.push_back(i);
    }
    return places;
}

enum class Fate { masked, random, kept };

Fate draw_fate(MaskingConfig const& config, base::RandomStream& random) {
    auto const draw = random.uniform();
    if (draw < config.mask_share) return Fate::masked;
    return draw < config.mask_share + config.random_share ? Fate::random : Fate::kept;
}

std::size_t budget(MaskingConfig const& config, std::span<std::int64_t const> ids) {
    return static_cast<std::size_t>(masked_slots(config, static_cast<std::int64_t>(ids.size())));
}

MaskedPlaces in_order(std::vector<std::size_t> picked, std::span<std::int64_t const> original) {
    std::sort(picked.begin(), picked.end());
    MaskedPlaces result;
    for (auto const place : picked) {
        result.positions.push_back(static_cast<std::int64_t>(place));
        result.targets.push_back(original[place]);
    }
    return result;
}

/// Single tokens: each has a fate of its own.
MaskedPlaces mask_tokens(std::span<std::int64_t> ids, MaskingConfig const& config,
                         base::RandomStream& random) {
    std::vector<std::int64_t> const original(ids.begin(), ids.end());
    auto places = bigram_places(ids);
    auto const count = std::min(budget(config, ids), places.size());
    for (std::size_t i = 0; i < count; ++i) {  // the first steps of a Fisher-Yates shuffle
        std::swap(places[i], places[i + random.below(places.size() - i)]);
        auto const fate = draw_fate(config, random);
        if (fate == Fate::masked) ids[places[i]] = mask_id;
        if (fate == Fate::random) {
            ids[places[i]] = token_offset + static_cast<std::int64_t>(random.below(65'536));
        }
    }
    places.resize(count);
    return in_order(std::move(places), original);
}

constexpr auto none = static_cast<std::size_t>(-1);

/// The bytes behind a sequence of bigrams. A byte that two neighbours share stands once, so bytes
/// k and k+1 belong to one run exactly when some bigram is made of them. Packets are not told
/// apart: where two meet with equal bytes by chance, copying works as well.
struct Bytes {
    std::vector<std::uint8_t> values;
    std::vector<std::size_t> bigram_from;  // place of the bigram (k, k+1), or none

    explicit Bytes(std::span<std::int64_t const> ids) {
        for (auto const place : bigram_places(ids)) {
            auto const first = first_byte(ids[place]);
            auto const joins =
                place > 0 && !values.empty() && is_bigram(ids[place - 1]) && values.back() == first;
            if (!joins) push(first);
            bigram_from.back() = place;
            push(second_byte(ids[place]));
        }
    }

    void push(std::uint8_t value) {
        values.push_back(value);
        bigram_from.push_back(none);
    }
};

/// Hides spans of bytes in a sequence until its budget is used up.
class SpanMasker {
  public:
    SpanMasker(std::span<std::int64_t> ids, MaskingConfig const& config, base::RandomStream& random)
        : ids_(ids),
          original_(ids.begin(), ids.end()),
          bytes_(ids),
          hidden_(ids.size()),
          left_(budget(config, ids)),
          config_(config),
          random_(random) {}

    MaskedPlaces run() {
        auto const tries = bytes_.values.empty() ? 0 : 4 * left_ + 16;
        for (std::size_t i = 0; i < tries && left_ > 0; ++i) hide_one_span();
        return in_order(std::move(picked_), original_);
    }

  private:
    struct Span {  // bytes [begin, end)
        std::size_t begin;
        std::size_t end;
    };

    Span draw_span() {
        auto const begin = random_.below(bytes_.values.size());
        auto end = begin + 1;
        auto const longest = begin + static_cast<std::size_t>(config_.longest_span);
        while (end < longest && bytes_.bigram_from[end - 1] != none &&
               random_.uniform() >= stop_probability) {
            ++end;
        }
        return {begin, end};
    }

    /// Places of the bigrams that hold a byte of the span.
    std::vector<std::size_t> touched_by(Span span) const {
        std::vector<std::size_t> places;
        for (auto byte = span.begin > 0 ? span.begin - 1 : 0; byte < span.end; ++byte) {
            if (bytes_.bigram_from[byte] != none) places.push_back(bytes_.bigram_from[byte]);
        }
        return places;
    }

    bool any_hidden(std::vector<std::size_t> const& places) const {
        return std::any_of(places.begin(), places.end(),
                           [&](std::size_t place) { return hidden_[place]; });
    }

    void hide_one_span() {
        auto span = draw_span();
        auto places = touched_by(span);
        while (places.size() > left_ && span.end - span.begin > 1) {
            --span.end;
            places = touched_by(span);
        }
        if (places.size() > left_ || any_hidden(places)) return;
        auto const fate = draw_fate(config_, random_);
        if (fate == Fate::random) randomise(span);
        for (auto const place : places) {
            hidden_[place] = true;
            picked_.push_back(place);
            if (fate == Fate::masked) ids_[place] = mask_id;
        }
        left_ -= places.size();
    }

    /// Other bytes in the span, and the bigrams as they would then be: nothing gives them away.
    void randomise(Span span) {
        for (auto byte = span.begin; byte < span.end; ++byte) {
            bytes_.values[byte] = static_cast<std::uint8_t>(random_.below(256));
        }
        for (auto byte = span.begin > 0 ? span.begin - 1 : 0; byte < span.end; ++byte) {
            if (bytes_.bigram_from[byte] == none) continue;
            ids_[bytes_.bigram_from[byte]] = bigram(bytes_.values[byte], bytes_.values[byte + 1]);
        }
    }

    std::span<std::int64_t> ids_;
    std::vector<std::int64_t> original_;
    Bytes bytes_;
    std::vector<bool> hidden_;
    std::vector<std::size_t> picked_;
    std::size_t left_;
    MaskingConfig const& config_;
    base::RandomStream& random_;
};

}  // namespace

std::int64_t masked_slots(MaskingConfig const& config, std::int64_t width) {
    auto const share = std::llround(config.share * static_cast<double>(width));
    return std::max<std::int64_t>(share, config.unit == "bytes" ? 2 : 1);
}

MaskedPlaces mask(std::span<std::int64_t> ids, MaskingConfig const& config,
                  base::RandomStream& random) {
    return config.unit == "bytes" ? SpanMasker(ids, config, random).run()
                                  : mask_tokens(ids, config, random);
}

}  // namespace tessera::batch

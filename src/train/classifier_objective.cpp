#include "classifier_objective.hpp"

#include <algorithm>
#include <utility>

namespace tessera::train {

namespace {

enum Place : std::size_t {
    weight = tokens_place + 1,  // of the labels seen
    weighted_loss_sum,
    confusion,  // [label, prediction] from here on
};

/// Share of correct predictions in the confusion counts.
double accuracy(ExactSums const& sums, std::size_t classes) {
    double correct = 0;
    double all = 0;
    for (std::size_t i = 0; i < classes * classes; ++i) {
        all += sums[confusion + i];
        if (i / classes == i % classes) correct += sums[confusion + i];
    }
    return correct / std::max(all, 1.0);
}

/// Mean F1 over classes that occur as label or as prediction.
double macro_f1(ExactSums const& sums, std::size_t classes) {
    double total = 0;
    double seen = 0;
    for (std::size_t c = 0; c < classes; ++c) {
        double labels = 0;
        double predictions = 0;
        for (std::size_t other = 0; other < classes; ++other) {
            labels += sums[confusion + c * classes + other];
            predictions += sums[confusion + other * classes + c];
        }
        if (labels + predictions == 0) continue;
        ++seen;
        total += 2 * sums[confusion + c * classes + c] / (labels + predictions);
    }
    return total / std::max(seen, 1.0);
}

std::span<std::int64_t const> values(at::Tensor const& tensor) {
    return {tensor.const_data_ptr<std::int64_t>(), static_cast<std::size_t>(tensor.numel())};
}

}  // namespace

ClassifierObjective::ClassifierObjective(std::shared_ptr<model::Classifier> model,
                                         std::vector<double> class_weights, Batches batches,
                                         HeldOut held_out)
    : model_(std::move(model)),
      class_weights_(std::move(class_weights)),
      weights_(at::tensor(class_weights_, at::kDouble).to(at::kFloat)),
      batches_(std::move(batches)),
      held_out_(std::move(held_out)) {}

Counts ClassifierObjective::load(std::int64_t step) {
    loaded_ = batches_(step);
    Counts labels(class_weights_.size());
    for (auto const& batch : loaded_) {
        for (auto const label : values(batch.labels)) {
            if (label >= 0) ++labels[static_cast<std::size_t>(label)];
        }
    }
    return labels;
}

double ClassifierObjective::weight_of(Counts const& labels) const {
    double sum = 0;
    for (std::size_t c = 0; c < labels.size(); ++c)
        sum += class_weights_[c] * static_cast<double>(labels[c]);
    return sum;
}

/// [] weighted loss over the labelled sequences of the batch.
at::Tensor ClassifierObjective::weighted_loss(batch::ClassifierBatch const& batch,
                                              ExactSums& sums) {
    auto const classes = class_weights_.size();
    auto const logits = model_->logits(batch);  // [B, classes]
    auto const loss = at::cross_entropy_loss(logits, batch.labels, weights_, at::Reduction::Sum,
                                             /*ignore_index=*/-1);
    auto const predicted = logits.argmax(1);
    Counts labels(classes);
    for (std::size_t row = 0; row < static_cast<std::size_t>(batch.size()); ++row) {
        auto const label = values(batch.labels)[row];
        if (label < 0) continue;
        ++labels[static_cast<std::size_t>(label)];
        sums.add(confusion + static_cast<std::size_t>(label) * classes +
                     static_cast<std::size_t>(values(predicted)[row]),
                 1);
    }
    sums.add(sequences_place, static_cast<double>(batch.size()));
    sums.add(tokens_place, static_cast<double>(batch.token_count()));
    sums.add(weight, weight_of(labels));
    sums.add(weighted_loss_sum, loss.item<double>());
    return loss;
}

at::Tensor ClassifierObjective::loss(std::size_t micro_batch, Counts const& of_step,
                                     ExactSums& sums) {
    auto const all = weight_of(of_step);
    return weighted_loss(loaded_[micro_batch], sums) / (all > 0 ? all : 1);
}

ExactSums ClassifierObjective::no_sums() const {
    return ExactSums(confusion + class_weights_.size() * class_weights_.size());
}

Metrics ClassifierObjective::metrics(ExactSums const& sums) const {
    auto const classes = class_weights_.size();
    return {{"loss", sums[weighted_loss_sum] / std::max(sums[weight], 1e-6)},
            {"accuracy", accuracy(sums, classes)},
            {"macro_f1", macro_f1(sums, classes)}};
}

ExactSums ClassifierObjective::validate() {
    auto sums = no_sums();
    held_out_([&](batch::ClassifierBatch const& batch) { weighted_loss(batch, sums); });
    return sums;
}

std::optional<double> ClassifierObjective::score(Metrics const& held_out) const {
    return metric(held_out, "macro_f1");
}

}  // namespace tessera::train

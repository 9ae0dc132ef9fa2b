#include "classifier_objective.hpp"

#include <algorithm>
#include <utility>

namespace tessera::train {

namespace {

enum Place : std::size_t {
    weight = tokens_place + 1,  // of the labels seen
    weighted_loss_sum,
    answers,  // of each class in turn from here on: how often right, the label, predicted
};

/// What the scores want of the confusion counts. The counts themselves would be a square of the
/// classes in every checkpoint and every sum over ranks.
struct Answers {
    double right = 0;
    double labels = 0;
    double predictions = 0;
};
constexpr std::size_t answer_kinds = 3;

Answers answers_of(ExactSums const& sums, std::size_t c) {
    auto const first = answers + answer_kinds * c;
    return {sums[first], sums[first + 1], sums[first + 2]};
}

/// Share of correct predictions.
double accuracy(ExactSums const& sums, std::size_t classes) {
    Answers all;
    for (std::size_t c = 0; c < classes; ++c) {
        auto const of_class = answers_of(sums, c);
        all.right += of_class.right;
        all.labels += of_class.labels;
    }
    return all.right / std::max(all.labels, 1.0);
}

/// Mean F1 over classes that occur as label or as prediction.
double macro_f1(ExactSums const& sums, std::size_t classes) {
    double total = 0;
    double seen = 0;
    for (std::size_t c = 0; c < classes; ++c) {
        auto const of_class = answers_of(sums, c);
        auto const occurs = of_class.labels + of_class.predictions;
        if (occurs == 0) continue;
        ++seen;
        total += 2 * of_class.right / occurs;
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
      weights_(at::tensor(class_weights_, at::kDouble).to(at::kFloat).to(device_of(*model_))),
      stream_(device_of(*model_)),
      batches_(std::move(batches)),
      held_out_(std::move(held_out)) {}

Counts ClassifierObjective::load(std::int64_t step) {
    loaded_ = batches_(step);
    on_device_ = on_device(loaded_, stream_);
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

/// [] weighted loss over the labelled sequences of the batch, which is `host` on the model's
/// device.
at::Tensor ClassifierObjective::weighted_loss(batch::ClassifierBatch const& host,
                                              batch::ClassifierBatch const& batch,
                                              ExactSums& sums) {
    auto const logits = model_->logits(batch);  // [B, classes]
    auto const loss = at::cross_entropy_loss(logits, batch.labels, weights_, at::Reduction::Sum,
                                             /*ignore_index=*/-1);
    sums.add(sequences_place, static_cast<double>(host.size()));
    sums.add(tokens_place, static_cast<double>(host.token_count()));
    auto const predicted = logits.argmax(1).to(at::kFloat);  // exact: there are few classes
    sums.add(at::cat({predicted, loss.reshape({1})}),
             [this, labels = host.labels](ExactSums& of_step, std::span<float const> read) {
                 of_step.add(weighted_loss_sum, static_cast<double>(read.back()));
                 add_answers(of_step, values(labels), read.first(read.size() - 1));
             });
    return loss;
}

void ClassifierObjective::add_answers(ExactSums& sums, std::span<std::int64_t const> labels,
                                      std::span<float const> predicted) const {
    Counts seen(class_weights_.size());
    for (std::size_t row = 0; row < labels.size(); ++row) {
        if (labels[row] < 0) continue;
        auto const label = static_cast<std::size_t>(labels[row]);
        ++seen[label];
        auto const answer = static_cast<std::size_t>(predicted[row]);
        if (answer == label) sums.add(answers + answer_kinds * label, 1);
        sums.add(answers + answer_kinds * label + 1, 1);
        sums.add(answers + answer_kinds * answer + 2, 1);
    }
    sums.add(weight, weight_of(seen));
}

at::Tensor ClassifierObjective::loss(std::size_t micro_batch, Counts const& of_step,
                                     ExactSums& sums) {
    auto const all = weight_of(of_step);
    return weighted_loss(loaded_[micro_batch], on_device_[micro_batch], sums) / (all > 0 ? all : 1);
}

ExactSums ClassifierObjective::no_sums() const {
    return ExactSums(answers + answer_kinds * class_weights_.size());
}

Metrics ClassifierObjective::metrics(ExactSums const& sums) const {
    auto const classes = class_weights_.size();
    return {{"loss", sums[weighted_loss_sum] / std::max(sums[weight], 1e-6)},
            {"accuracy", accuracy(sums, classes)},
            {"macro_f1", macro_f1(sums, classes)}};
}

ExactSums ClassifierObjective::validate(Stop const& stop) {
    auto sums = no_sums();
    held_out_([&](batch::ClassifierBatch const& batch) {
        weighted_loss(batch, batch::to_device(batch, device_of(*model_)), sums);
        return !stop();
    });
    sums.settle();
    return sums;
}

std::optional<double> ClassifierObjective::score(Metrics const& held_out) const {
    return metric(held_out, "macro_f1");
}

}  // namespace tessera::train

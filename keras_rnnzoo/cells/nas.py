"""The cell that neural architecture search found."""

from keras import activations

from keras_rnnzoo.base import RecurrentCell, RecurrentLayer


class NASCell(RecurrentCell):
    """One step of the cell that neural architecture search found for language modelling.

    **Equations**

        b_0 = σ(x W_0 + h' U_0 + d_0)
        b_1 = ρ(x W_1 + h' U_1 + d_1)
        b_2 = σ(x W_2 + h' U_2 + d_2)
        b_3 = ρ(x W_3 ⊙ (h' U_3 + d_3))
        b_4 = φ(x W_4 + h' U_4 + d_4)
        b_5 = σ(x W_5 + h' U_5 + d_5)
        b_6 = φ(x W_6 + h' U_6 + d_6)
        b_7 = σ(x W_7 + h' U_7 + d_7)
        l_0 = φ(φ(b_0 ⊙ b_1) + c')
        l_1 = φ(b_2 + b_3)
        l_2 = φ(b_4 ⊙ b_5)
        l_3 = σ(b_6 + b_7)
        c = l_0 ⊙ l_1
        h = φ(c ⊙ φ(l_2 + l_3))

    where φ is tanh, σ the logistic function, ρ is ReLU, d is the bias and ' marks the step before.
    Branch 3 multiplies, as in TensorFlow's NASCell and in tensorflow-addons, which both have no
    bias unless asked; torchrecurrent and RecurrentLayers.jl add there.

    Weights: `kernel (features, 8·units)`, `recurrent_kernel (units, 8·units)`, `bias (8·units,)`,
    blocks 0 to 7. tensorflow-addons has the recurrent kernel first, and hands on the states c, h.

    Example:

    >>> NASCell(8, projection=4)

    Reference: Zoph and Le, arXiv:1611.01578 (2016), the cell of the language model.
    """

    gates = ("b_0", "b_1", "b_2", "b_3", "b_4", "b_5", "b_6", "b_7")
    apart = ("b_3",)
    biases = ("b_0", "b_1", "b_2", "d_3", "b_4", "b_5", "b_6", "b_7")
    states = ("h", "c")
    mixes_h = False
    refuses = {
        "activation": "the search chose it",
        "recurrent_activation": "the search chose it",
        "integration": "branch 3 is a product as it is",
    }

    def update(self, a, h, c):
        σ, φ, ρ = self.sigma, self.phi, activations.relu
        x, u = a.b_3
        b_0 = σ(a.b_0)
        b_1 = ρ(a.b_1)
        b_2 = σ(a.b_2)
        b_3 = ρ(x * (u + a.d_3))
        b_4 = φ(a.b_4)
        b_5 = σ(a.b_5)
        b_6 = φ(a.b_6)
        b_7 = σ(a.b_7)
        l_0 = φ(φ(b_0 * b_1) + c)
        l_1 = φ(b_2 + b_3)
        l_2 = φ(b_4 * b_5)
        l_3 = σ(b_6 + b_7)
        c = self.clipped(l_0 * l_1)
        h = φ(self.normed(c) * φ(l_2 + l_3))
        return h, c


class NAS(RecurrentLayer):
    cell_class = NASCell

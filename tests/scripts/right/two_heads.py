"""One trunk, two heads: a policy (softmax) and a value (a number), trained together."""
import numpy as np


class ActorCritic:
    def __init__(self, n_state, n_hidden, n_action):
        r = np.random.RandomState(2)
        self.model = {
            'Wt': r.randn(n_hidden, n_state) / np.sqrt(n_state),
            'Wp': r.randn(n_action, n_hidden) / np.sqrt(n_hidden),
            'Wv': r.randn(1, n_hidden) / np.sqrt(n_hidden),
        }

    def policy_forward(self, states):
        h = np.dot(states, self.model['Wt'].T)
        h[h < 0] = 0
        logits = np.dot(h, self.model['Wp'].T)
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        v = np.dot(h, self.model['Wv'].T).ravel()
        return p, v, h

    def policy_backward(self, states, h, dlogits, dv):
        dWp = np.dot(dlogits.T, h)
        dWv = np.dot(dv[np.newaxis, :], h)
        dh = np.dot(dlogits, self.model['Wp']) + np.outer(dv, self.model['Wv'])
        dh[h <= 0] = 0
        dWt = np.dot(dh.T, states)
        return {'Wt': dWt, 'Wp': dWp, 'Wv': dWv}


def discount_rewards(r, gamma=0.9):
    discounted = np.zeros_like(r)
    running = 0
    for t in reversed(range(r.size)):
        running = running * gamma + r[t]
        discounted[t] = running
    return discounted


rs = np.random.RandomState(36)
agent = ActorCritic(4, 6, 3)
states = rs.randn(7, 4)
actions = rs.randint(0, 3, size=7)
advantage = discount_rewards(rs.randn(7))
returns = discount_rewards(rs.rand(7))

for episode in range(2):
    aprobs, values, hidden = agent.policy_forward(states)
    policy_loss = -np.sum(advantage * np.log(aprobs[range(7), actions]))
    value_loss = 0.5 * np.sum((values - returns) ** 2)
    loss = policy_loss + value_loss

    dlogits = aprobs.copy()
    dlogits[range(7), actions] -= 1
    dlogits *= advantage[:, None]
    dvalues = values - returns
    grad = agent.policy_backward(states, hidden, dlogits, dvalues)
    for k, g in grad.items():
        agent.model[k] -= 0.01 * g
    print('episode', episode, 'loss', loss)

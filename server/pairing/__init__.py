"""Pairing 结对帮扶: somebody who helps, somebody in hardship, and the visits between them.

It rests on 石狮五 (society helps workers without means; 爱心妈妈 pair with their children), on
石狮六 (volunteers and students help children learn) and on the opinion on helping workers in
hardship, 三(三) and 四(三): leading cadres must pair, the lists are filed, the units are assessed.
"""

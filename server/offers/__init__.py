"""What is offered, with places, that people take part in: vacancies, courses, trips, activities.

One vocabulary for the four: an offer is proposed, checked by an officer, open until its last day,
and over by itself. People take places; where there are none left they wait, in order.
"""
